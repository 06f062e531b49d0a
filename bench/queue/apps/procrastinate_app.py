"""Procrastinate: PostgreSQL as queue; it keeps the job's row, and has no results to keep."""

from __future__ import annotations

import os
from functools import cache

from procrastinate import App, PsycopgConnector

from bench.queue import tasks

app = App(connector=PsycopgConnector(conninfo=os.environ["BENCH_STORE_URL"]))

noop = app.task(name="noop")(tasks.noop)
stamp = app.task(name="stamp")(tasks.stamp)


@cache
def open_app() -> App:
    """The app with the synchronous connection of a program that sends."""
    return app.open()


def prepare() -> None:
    open_app().schema_manager.apply_schema()


def send_noop() -> None:
    open_app()
    noop.defer()


def send_stamp(number: int) -> None:
    open_app()
    stamp.defer(number=number)
