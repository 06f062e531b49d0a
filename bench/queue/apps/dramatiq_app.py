"""Dramatiq: Redis as broker and for the results, all else as it comes."""

from __future__ import annotations

import os

import dramatiq
from dramatiq.brokers.redis import RedisBroker
from dramatiq.results import Results
from dramatiq.results.backends import RedisBackend

from bench.queue import tasks

STORE_URL = os.environ["BENCH_STORE_URL"]

# The readable keys are what the results are counted by.
results = RedisBackend(url=STORE_URL, use_namespace_prefix_keys=True)
broker = RedisBroker(url=STORE_URL)
broker.add_middleware(Results(backend=results))
dramatiq.set_broker(broker)

noop = dramatiq.actor(tasks.noop, store_results=True)
stamp = dramatiq.actor(tasks.stamp, store_results=True)


def prepare() -> None:
    pass


def send_noop() -> None:
    noop.send()


def send_stamp(number: int) -> None:
    stamp.send(number)
