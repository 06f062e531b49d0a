"""When a thread's database connection is checked before its use."""

from __future__ import annotations

import threading

import pytest

from processing import lasting_connection
from processing.lasting_connection import CHECK_AFTER_IDLE_SECONDS, LastingConnection


class Clock:
    now = 1000.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(lasting_connection, "time", clock)
    return clock


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The threads in which a connection was checked."""
    names: list[str] = []
    check = lambda: names.append(threading.current_thread().name)  # noqa: E731
    monkeypatch.setattr(lasting_connection, "close_old_connections", check)
    return names


def test_it_is_checked_at_first_and_after_it_idled(clock: Clock, checks: list[str]) -> None:
    connection = LastingConnection()
    assert connection.run(lambda: 7) == 7
    clock.now += CHECK_AFTER_IDLE_SECONDS / 2
    connection.run(int)
    assert len(checks) == 1

    clock.now += CHECK_AFTER_IDLE_SECONDS
    connection.run(int)
    assert len(checks) == 2


def test_it_is_checked_after_a_call_that_failed(clock: Clock, checks: list[str]) -> None:
    connection = LastingConnection()
    with pytest.raises(ZeroDivisionError):
        connection.run(lambda: 1 // 0)
    connection.run(int)
    connection.run(int)
    assert len(checks) == 2


def test_each_thread_has_its_own(clock: Clock, checks: list[str]) -> None:
    connection = LastingConnection()
    connection.run(int)
    other = threading.Thread(target=connection.run, args=(int,), name="other")
    other.start()
    other.join()
    connection.run(int)
    assert checks == [threading.current_thread().name, "other"]
