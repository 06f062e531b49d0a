"""Pausing and resuming a queue, and who is told."""

from __future__ import annotations

import psycopg
import pytest
from django.db import connection

from processing.models import QueuePause
from processing.queue.notify import CHANNEL
from processing.queue.pause import (
    describe_pause,
    find_pause,
    list_pauses,
    name_own_queue,
    pause_queue,
    resume_queue,
)

pytestmark = pytest.mark.django_db


def test_a_queue_is_paused_once() -> None:
    assert pause_queue("plimsoll", "ada")
    assert not pause_queue("plimsoll", "grace")
    pause = find_pause("plimsoll")
    assert pause is not None
    assert pause.paused_by == "ada", "the pause stays whose it was"


def test_a_queue_is_resumed_once() -> None:
    pause_queue("plimsoll", "ada")
    assert resume_queue("plimsoll")
    assert not resume_queue("plimsoll")
    assert find_pause("plimsoll") is None


def test_queues_are_paused_one_by_one() -> None:
    pause_queue("reports", "ada")
    assert find_pause("plimsoll") is None
    pause_queue("plimsoll", "ada")
    assert [pause.queue for pause in list_pauses()] == ["plimsoll", "reports"]
    resume_queue("plimsoll")
    assert find_pause("reports") is not None


def test_the_own_queue_is_the_one_that_jobs_go_to() -> None:
    assert name_own_queue() == "plimsoll"


def test_a_pause_says_since_when_and_by_whom() -> None:
    pause_queue("plimsoll", "x" * 1000)
    QueuePause.objects.update(paused_at="2026-01-31T12:00:00.9Z")
    pause = find_pause("plimsoll")
    assert pause is not None
    assert describe_pause(pause) == f"paused since 2026-01-31 12:00:00 UTC by {'x' * 150}"
    pause.paused_by = ""
    assert describe_pause(pause) == "paused since 2026-01-31 12:00:00 UTC"


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="tests/postgresql_runs runs it on PostgreSQL"
)
@pytest.mark.django_db(transaction=True)
def test_resuming_wakes_the_clusters_and_pausing_does_not() -> None:
    with psycopg.connect(**connection.get_connection_params(), autocommit=True) as session:
        session.execute(f"LISTEN {CHANNEL}")
        pause_queue("plimsoll", "ada")
        resume_queue("reports")
        resume_queue("plimsoll")
        session.execute("SELECT 1")  # its answer comes behind what was committed before it
        told = [notice.payload for notice in session.notifies(timeout=0)]
    assert told == ["plimsoll"]
