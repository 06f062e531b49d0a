"""A bound on how long the supervisor waits for an answer of PostgreSQL."""

from __future__ import annotations

import time
from threading import Thread

import pytest
from django.db import OperationalError, connection

from processing.queue.cluster.patience import ANSWER_MOST_SECONDS, Patience
from tests.service import wait_for

ON_POSTGRESQL = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="tests/postgresql_runs runs it on PostgreSQL"
)
WAIT_SECONDS = 20.0


@pytest.mark.django_db
def test_a_connection_that_nobody_waits_for_is_left_alone() -> None:
    patience = Patience()
    with patience:
        connection.ensure_connection()
    patience.tick(time.monotonic() + 10 * ANSWER_MOST_SECONDS)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


@pytest.mark.django_db
def test_an_answer_may_take_its_time() -> None:
    patience = Patience()
    with patience, connection.cursor() as cursor:
        patience.tick(time.monotonic() + ANSWER_MOST_SECONDS / 2)
        cursor.execute("SELECT 1")


@ON_POSTGRESQL
@pytest.mark.django_db(transaction=True)
def test_who_waits_too_long_gets_an_error_and_can_connect_again() -> None:
    patience = Patience()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (session,) = cursor.fetchone()
        cutter = Thread(target=cut_when_it_sleeps, args=[patience, session])
        cutter.start()
        with pytest.raises(OperationalError), patience:
            cursor.execute("SELECT pg_sleep(60)")
        cutter.join(WAIT_SECONDS)
    connection.close()
    with connection.cursor() as cursor:  # the server sleeps on
        cursor.execute("SELECT pg_terminate_backend(%s)", [session])


def cut_when_it_sleeps(patience: Patience, session: int) -> None:
    """Wait until that session of the server sleeps, and let its time be over."""
    sql = "SELECT 1 FROM pg_stat_activity WHERE pid = %s AND wait_event = 'PgSleep'"

    def is_asleep() -> bool:
        with connection.cursor() as cursor:
            cursor.execute(sql, [session])
            return bool(cursor.fetchall())

    try:
        wait_for(is_asleep, WAIT_SECONDS, "it does not sleep")
        patience.tick(time.monotonic() + ANSWER_MOST_SECONDS + 1)
    finally:
        connection.close()
