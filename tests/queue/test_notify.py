"""Notifications of a queue; cluster/test_notified_wakeup.py has what clusters make of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from processing.queue.notify import CHANNEL, make_notification, notify_queue

on_postgresql = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="tests/postgresql_runs runs it on PostgreSQL"
)

Receive = Callable[[], list[str]]


@pytest.fixture
def receive(transactional_db: None) -> Iterator[Receive]:
    """Gives the names of queues that a session of its own was notified of by now."""
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as session:
        session.execute(f"LISTEN {CHANNEL}")

        def read() -> list[str]:
            # The answer of a query comes behind what was committed before it.
            session.execute("SELECT 1")
            return [notice.payload for notice in session.notifies(timeout=0)]

        yield read


@on_postgresql
def test_a_queue_is_notified_when_the_transaction_commits(receive: Receive) -> None:
    with transaction.atomic():
        notify_queue("plimsoll")
        assert receive() == []
    assert receive() == ["plimsoll"]


@on_postgresql
def test_the_name_of_the_queue_may_come_from_what_is_enqueued(receive: Receive) -> None:
    table = "processing_queuepause"
    sql = f"INSERT INTO {table} VALUES (%s, now(), '') RETURNING "
    with connection.cursor() as cursor:
        cursor.execute(sql + make_notification(f"{table}.queue"), ["it's"])
    assert receive() == ["it's"]


@pytest.mark.skipif(connection.vendor == "postgresql", reason="is about other databases")
@pytest.mark.django_db
def test_elsewhere_than_on_postgresql_nothing_is_done(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        notify_queue("plimsoll")
