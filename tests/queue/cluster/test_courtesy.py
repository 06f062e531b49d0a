"""How long SQLite's lock is left alone, by a clock that is moved by hand and real commits."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from django.conf import settings
from django.db import connection

from processing.models import QueuePause
from processing.queue.cluster.courtesy import (
    FREE_MOST_SECONDS,
    FREE_SHARE,
    OTHERS_SECONDS,
    Courtesy,
)
from tests.queue.cluster.in_hand import Clock

pytestmark = pytest.mark.django_db(transaction=True)
HELD_SECONDS = 0.01


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def courtesy(clock: Clock) -> Courtesy:
    courtesy = Courtesy(clock.monotonic)
    hold(courtesy, clock)  # it has to look once to see a change
    return courtesy


@pytest.fixture
def other() -> Iterator[sqlite3.Connection]:
    """Somebody else's connection to the same file."""
    if connection.vendor != "sqlite":
        pytest.skip("the lock is SQLite's")
    connection.ensure_connection()
    path = str(settings.DATABASES["default"]["NAME"])
    with closing(sqlite3.connect(path, timeout=20, isolation_level=None)) as other:
        yield other


def hold(courtesy: Courtesy, clock: Clock, seconds: float = HELD_SECONDS) -> float:
    """Write for so long; returns for how long the lock is left free then."""
    with courtesy.hold():
        QueuePause.objects.update_or_create(queue="held")
        clock.now += seconds
    return max(0.0, courtesy.free_until - clock.now)


def write_as(other: sqlite3.Connection) -> None:
    other.execute("DELETE FROM processing_queuepause WHERE queue = 'nobody''s'")
    other.execute("INSERT OR REPLACE INTO processing_busyqueue VALUES ('other', '2026-01-01')")


def test_who_writes_alone_may_go_on_at_once(courtesy: Courtesy, clock: Clock) -> None:
    assert [hold(courtesy, clock) for _ in range(3)] == [0, 0, 0]


def test_while_others_write_the_lock_is_left_free_for_longer_than_it_was_held(
    courtesy: Courtesy, clock: Clock, other: sqlite3.Connection
) -> None:
    write_as(other)
    assert hold(courtesy, clock) == pytest.approx(FREE_SHARE * HELD_SECONDS)
    assert hold(courtesy, clock, 2 * HELD_SECONDS) == pytest.approx(2 * FREE_SHARE * HELD_SECONDS)


def test_the_lock_is_not_left_alone_for_long(
    courtesy: Courtesy, clock: Clock, other: sqlite3.Connection
) -> None:
    write_as(other)
    assert hold(courtesy, clock, OTHERS_SECONDS / 2) == pytest.approx(FREE_MOST_SECONDS)


def test_others_that_write_no_more_are_forgotten(
    courtesy: Courtesy, clock: Clock, other: sqlite3.Connection
) -> None:
    write_as(other)
    assert hold(courtesy, clock) > 0
    clock.now += OTHERS_SECONDS
    assert hold(courtesy, clock) == 0


def test_what_the_transaction_raises_is_raised(courtesy: Courtesy) -> None:
    with pytest.raises(ZeroDivisionError), courtesy.hold():
        _ = 1 / 0
