"""Celery: Redis as broker and for the results, all else as it comes."""

from __future__ import annotations

import os

from celery import Celery

from bench.queue import tasks

STORE_URL = os.environ["BENCH_STORE_URL"]

app = Celery("bench", broker=STORE_URL, backend=STORE_URL)
app.conf.broker_connection_retry_on_startup = True  # without it 5.x warns at each start

noop = app.task(name="noop")(tasks.noop)
stamp = app.task(name="stamp")(tasks.stamp)


def prepare() -> None:
    pass


def send_noop() -> None:
    noop.delay()


def send_stamp(number: int) -> None:
    stamp.delay(number)
