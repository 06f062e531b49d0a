"""What runs in a system's own interpreter: `python -m bench.queue.child APP ACTION [NUMBER …]`.

The answer is one line of JSON, the last one on the standard output.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

#: The first calls open connections and load modules; they are sent, and not timed.
WARM_UP_COUNT = 50
READY = "ready"
#: The same gaps for every system.
SEED = 2011


class App(Protocol):
    """A module of bench.queue.apps: one system, as a program that uses it sees it."""

    def prepare(self) -> None:
        """Make the tables, where the system has some."""

    def send_noop(self) -> None:
        """Enqueue `noop`."""

    def send_stamp(self, number: int) -> None:
        """Enqueue `stamp`."""


def send_burst(app: App, count: int) -> dict[str, float]:
    """Enqueue `count` no-ops, one after the other."""
    for _ in range(WARM_UP_COUNT):
        app.send_noop()
    started_at, used_before = time.monotonic(), time.process_time()
    for _ in range(count):
        app.send_noop()
    seconds, used = time.monotonic() - started_at, time.process_time() - used_before
    return {
        "sent": WARM_UP_COUNT + count,
        "per_second": count / seconds,
        "cpu_us": 1e6 * used / count,
    }


def send_noops(app: App, count: int, gap_ms: int) -> list[list[int]]:
    """Warm up, say READY, wait for a line, and enqueue `count` no-ops at a jittered pace."""
    for _ in range(WARM_UP_COUNT):
        app.send_noop()
    print(READY, flush=True)
    sys.stdin.readline()
    return keep_pace(lambda _: app.send_noop(), count, gap_ms)


def send_stamps(app: App, count: int, gap_ms: int) -> list[list[int]]:
    """Enqueue `count` stamps at a jittered pace; their numbers count from 0."""
    return keep_pace(app.send_stamp, count, gap_ms)


def keep_pace(send: Callable[[int], None], count: int, gap_ms: int) -> list[list[int]]:
    """Call `send` with 0, 1, …, half to one and a half times `gap_ms` apart.

    Returns [when the call began, how long it took] for each, both in nanoseconds.
    """
    gaps = random.Random(SEED)  # noqa: S311  (gaps, not secrets)
    calls = []
    for number in range(count):
        time.sleep(gap_ms / 1000 * gaps.uniform(0.5, 1.5))
        began = time.monotonic_ns()
        send(number)
        calls.append([began, time.monotonic_ns() - began])
    return calls


#: What is done with every app; an action that is not here is a function of the app itself.
ACTIONS: dict[str, Callable[..., Any]] = {
    "burst": send_burst,
    "noops": send_noops,
    "stamps": send_stamps,
}


def main() -> None:
    if "DJANGO_SETTINGS_MODULE" in os.environ:
        import django

        django.setup()
    name, action, *words = sys.argv[1:]
    app, numbers = importlib.import_module(name), [int(word) for word in words]
    work = partial(ACTIONS[action], app) if action in ACTIONS else getattr(app, action)
    print(json.dumps(work(*numbers)))


if __name__ == "__main__":
    main()
