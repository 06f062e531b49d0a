"""A seat tells what its task allocates while that runs, beside its reports."""

from __future__ import annotations

import inspect
import os
import signal
import threading
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

from processing.memory import profiler
from processing.queue.claims import Delivery
from processing.queue.cluster.board import Order
from processing.queue.cluster.call import INTERRUPT_SIGNAL
from processing.queue.cluster.channel import read_message
from processing.queue.cluster.seat_profile import SeatProfile
from tests.queue import hogs
from tests.queue.cluster.seat_stand import JOB, LIMIT_BYTES, WAIT_SECONDS, SeatStand, open_seat

# django-q2's loop closes connections that are too old, where there is one.
pytestmark = pytest.mark.django_db

HOLD = "tests.queue.hogs.hold"
BROKEN_OFF = "tests.queue.hogs.hold_and_be_broken_off"
SIZE_BYTES = 8 * hogs.MIB


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Iterator[SeatStand]:
    with open_seat(monkeypatch) as stand:
        yield stand


def run(stand: SeatStand, *, is_profiled: bool) -> list[dict[str, Any]]:
    """What the seat says of a task that holds SIZE_BYTES for a moment."""
    stand.is_profiled = is_profiled
    stand.give(func=HOLD, args=(SIZE_BYTES,))
    stand.run_loop()
    messages = [stand.read_report()]
    while "profile" in messages[-1]:
        message = read_message(stand.supervisor)
        assert message is not None
        messages.append(message)
    return messages


def test_a_profiled_task_tells_its_lines_before_it_ends(stand: SeatStand) -> None:
    *profiles, report = run(stand, is_profiled=True)
    assert profiles
    assert {(message["job"], message["delivery"]) for message in profiles} == {(JOB.hex, 3)}
    worst = profiles[-1]["profile"][0]
    assert worst["place"].startswith(f"{hogs.__file__}:")
    assert worst["line"].endswith("# holds")
    assert hogs.MIB < worst["bytes"] < 2 * SIZE_BYTES
    assert report["outcome"] == "succeeded"


def test_nothing_is_traced_behind_it(stand: SeatStand) -> None:
    run(stand, is_profiled=True)
    assert not tracemalloc.is_tracing()
    assert "profiler" not in {thread.name for thread in threading.enumerate()}


def test_any_other_task_is_not_traced(stand: SeatStand) -> None:
    [report] = run(stand, is_profiled=False)
    assert report["outcome"] == "succeeded"


def test_a_task_over_its_limit_is_seen_where_it_was_broken_off(
    stand: SeatStand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even where a busy machine gave the profiler no turn before."""
    monkeypatch.setattr(profiler, "FIRST_LOOK_SECONDS", WAIT_SECONDS)
    stand.is_profiled = True
    turn = stand.give(func=BROKEN_OFF, args=(SIZE_BYTES,))

    def break_off() -> None:
        stand.slot.give_order(Order.MEMORY, turn)
        signal.raise_signal(INTERRUPT_SIGNAL)

    monkeypatch.setattr(hogs, "break_off", break_off)
    stand.run_loop()
    message, report = stand.read_report(), stand.read_report()
    worst = message["profile"][0]
    assert worst["line"].endswith("# is broken off")
    assert hogs.MIB < worst["bytes"] < 2 * SIZE_BYTES
    assert report["outcome"] == "task_error"


def test_a_forked_child_tells_nothing_of_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiler, "FIRST_LOOK_SECONDS", WAIT_SECONDS)
    told: list[bytes] = []
    profile = SeatProfile(told.append)
    profile.begin(Delivery(job_id=JOB, number=3), limit_bytes=LIMIT_BYTES)
    data = bytearray(SIZE_BYTES)
    with monkeypatch.context() as child:
        child.setattr(os, "getpid", lambda: -1)
        profile.see_last(inspect.currentframe())
    assert told == []
    profile.see_last(inspect.currentframe())
    assert len(told) == 1
    profile.end()
    assert len(data) == SIZE_BYTES
