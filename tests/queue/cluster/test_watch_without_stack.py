"""Ending tasks where none can be asked where it is: by macOS's means."""

from __future__ import annotations

import pytest

from processing.queue.cluster import watch as watch_module
from processing.queue.cluster.last_stack import STACK_SIGNAL
from processing.queue.cluster.watch import KILL_SECONDS, STACK_SECONDS, Watch
from tests.queue.cluster.in_hand import BEGAN_AT, Clock, make_running


def test_nobody_is_asked_and_nothing_spins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch_module, "HAS_STACK", False)
    monkeypatch.setattr(watch_module, "time", Clock())
    sent: list[int] = []
    watch = Watch(lambda _, number: sent.append(int(number)))
    watch.begin(make_running(timeout_seconds=5.0))
    ends_at = BEGAN_AT + 5.0
    watch.tick(ends_at)
    assert watch.tick(ends_at + KILL_SECONDS - STACK_SECONDS / 2) > 0
    assert sent
    assert int(STACK_SIGNAL) not in sent
