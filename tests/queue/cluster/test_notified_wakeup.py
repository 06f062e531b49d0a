"""The wake-up on PostgreSQL, with other sessions that notify."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import InterfaceError, OperationalError, connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.utils import timezone

from processing.models import BusyQueue
from processing.queue.cluster.notified_wakeup import NotifiedWakeup
from processing.queue.notify import make_notify_sql
from tests.queue.cluster.wakeup_signs import Clock, ask_until_quiet, is_readable, wait_for_error

pytestmark = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="tests/postgresql_runs runs it on PostgreSQL"
)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wakeup(transactional_db: None, clock: Clock) -> Iterator[NotifiedWakeup]:
    wakeup = NotifiedWakeup("plimsoll", clock)
    wakeup.open()
    ask_until_quiet(wakeup)
    yield wakeup
    wakeup.close()
    connection.close()  # a test may have ended its session


def notify(session: BaseDatabaseWrapper, queue: str = "plimsoll") -> bool:
    """What an enqueue does; whether it sent something."""
    with session.cursor() as cursor:
        cursor.execute(make_notify_sql(), [queue])
        return cursor.fetchone() == ("",)


def end_our_session(other: BaseDatabaseWrapper) -> None:
    with other.cursor() as cursor:
        backend = connection.connection.info.backend_pid
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])


def test_a_notification_for_our_queue_counts_once(
    wakeup: NotifiedWakeup, other: BaseDatabaseWrapper
) -> None:
    assert notify(other)
    assert is_readable(wakeup)
    assert wakeup.has_changed()
    assert not wakeup.has_changed()
    assert not is_readable(wakeup, seconds=0)


def test_a_notification_for_another_queue_does_not_count(
    wakeup: NotifiedWakeup, other: BaseDatabaseWrapper
) -> None:
    assert notify(other, "another")
    assert is_readable(wakeup)
    assert not wakeup.has_changed()
    assert not is_readable(wakeup, seconds=0)


def test_one_that_came_with_the_answer_of_a_query_is_kept_until_it_is_asked_for(
    wakeup: NotifiedWakeup, other: BaseDatabaseWrapper
) -> None:
    assert notify(other)
    assert is_readable(wakeup)
    assert not BusyQueue.objects.exists()  # any query reads it off the socket
    assert not is_readable(wakeup, seconds=0)
    assert wakeup.has_sign
    assert wakeup.has_changed()
    assert not wakeup.has_sign


def test_a_poll_is_due_two_seconds_after_the_last_look(
    wakeup: NotifiedWakeup, clock: Clock
) -> None:
    clock.now += 0.5
    assert wakeup.poll_seconds(idle_seconds=60) == 1.5
    assert not wakeup.has_changed()
    clock.now += 1.5
    assert wakeup.poll_seconds(idle_seconds=60) == 0.0
    assert wakeup.has_changed()
    assert wakeup.poll_seconds(idle_seconds=60) == 2.0


def test_nothing_is_sent_while_the_busy_mark_stands(
    wakeup: NotifiedWakeup, other: BaseDatabaseWrapper
) -> None:
    wakeup.mark_busy()
    assert not notify(other)
    assert notify(other, "another")
    BusyQueue.objects.update(busy_until=timezone.now())
    assert notify(other)


def test_the_mark_lasts_a_second_on_the_databases_clock(wakeup: NotifiedWakeup) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        [(before,)] = cursor.fetchall()
        wakeup.mark_busy()
        cursor.execute("SELECT clock_timestamp()")
        [(after,)] = cursor.fetchall()
    [mark] = BusyQueue.objects.all()
    assert mark.queue == "plimsoll"
    assert (mark.busy_until - before).total_seconds() >= 1.0
    assert (mark.busy_until - after).total_seconds() <= 1.0


def test_the_mark_is_renewed_twice_a_second_at_most(wakeup: NotifiedWakeup, clock: Clock) -> None:
    wakeup.mark_busy()
    [first] = BusyQueue.objects.all()
    clock.now += 0.49
    wakeup.mark_busy()
    assert BusyQueue.objects.get().busy_until == first.busy_until
    clock.now += 0.02
    wakeup.mark_busy()
    assert BusyQueue.objects.get().busy_until > first.busy_until


def test_it_looks_often_until_the_mark_has_surely_run_out(
    wakeup: NotifiedWakeup, clock: Clock
) -> None:
    wakeup.mark_busy()
    assert wakeup.poll_seconds(idle_seconds=0) == 0.002
    clock.now += 1.49
    assert wakeup.poll_seconds(idle_seconds=1.49) == 0.02
    assert wakeup.has_changed()
    assert wakeup.has_changed()
    clock.now += 0.02
    assert not wakeup.has_changed()
    assert wakeup.poll_seconds(idle_seconds=1.51) > 1.9


def test_the_end_of_our_session_is_an_error_and_open_mends_it(
    wakeup: NotifiedWakeup, other: BaseDatabaseWrapper
) -> None:
    end_our_session(other)
    wait_for_error(wakeup, OperationalError)
    with pytest.raises(OperationalError):
        wakeup.has_changed()
    connection.close()
    wakeup.open()
    ask_until_quiet(wakeup)
    assert notify(other)
    assert is_readable(wakeup)
    assert wakeup.has_changed()


def test_a_reconnect_that_nobody_told_it_of_is_an_error(wakeup: NotifiedWakeup) -> None:
    connection.close()
    with pytest.raises(InterfaceError):
        wakeup.has_changed()
    assert not BusyQueue.objects.exists()  # Django connects by itself
    with pytest.raises(InterfaceError):
        wakeup.has_changed()


def test_a_closed_one_listens_no_more(wakeup: NotifiedWakeup, other: BaseDatabaseWrapper) -> None:
    wakeup.close()
    assert notify(other)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_listening_channels()")
        assert cursor.fetchall() == []
    with pytest.raises(InterfaceError):
        wakeup.has_changed()
