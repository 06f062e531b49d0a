"""Huey: SQLite as queue and for the results, all else as it comes."""

from __future__ import annotations

import os

from huey import SqliteHuey

from bench.queue import tasks

huey = SqliteHuey("bench", filename=os.environ["BENCH_STORE_URL"].removeprefix("sqlite:///"))

noop = huey.task()(tasks.noop)
stamp = huey.task()(tasks.stamp)


def prepare() -> None:
    """Opening the file makes the tables."""


def send_noop() -> None:
    noop()


def send_stamp(number: int) -> None:
    stamp(number)
