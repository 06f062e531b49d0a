"""What it costs to find whether a job is worth a second try: no more with a long history."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from processing.models import Job
from processing.queue.second_try import (
    LATEST_JOBS,
    LOOKED_AT_OVER,
    PARKED_MOST,
    find_alone_delay,
    is_worth_second_try,
)
from tests.queue.endings import make_ended, make_parked, make_running_job

pytestmark = pytest.mark.django_db


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL reads small tables whole")
@pytest.mark.parametrize("kind", [{}, {"processor": "echo"}])
def test_an_index_leads_to_the_few_jobs_that_the_verdict_is_made_of(kind: dict[str, Any]) -> None:
    old = timezone.now() - timedelta(hours=1)
    make_parked(PARKED_MOST, created_at=old, run_after=old, **kind)
    make_ended(LATEST_JOBS, **kind)
    job = make_running_job(**kind)
    with CaptureQueriesContext(connection) as queries:
        assert is_worth_second_try(job)
        assert find_alone_delay(job) == 0
    over, ended, waiting, tried = (read_plan(query["sql"]) for query in queries)
    assert "job_of_processor" in ended if kind else "job_newest" in ended
    assert all("job_over_limit" in plan for plan in (over, waiting, tried))
    assert not any("TEMP B-TREE" in plan for plan in (over, ended, waiting, tried))


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite counts its steps")
@pytest.mark.parametrize("kind", [{}, {"processor": "echo"}])
@pytest.mark.parametrize("ended", [{"runs_alone": True}, {}])
def test_the_verdict_takes_no_longer_with_many_jobs_of_its_kind(
    kind: dict[str, Any], ended: dict[str, Any]
) -> None:
    old = timezone.now() - timedelta(hours=1)
    make_parked(PARKED_MOST, created_at=old, run_after=old, **kind)
    job = make_running_job(**kind)
    make_ended(LOOKED_AT_OVER, **kind, **ended)
    before = count_steps(job)
    make_ended(LOOKED_AT_OVER, **kind, **ended)
    assert count_steps(job) <= before + 10


def count_steps(job: Job) -> int:
    """What SQLite does to find that a job is worth a second try, in tens of its instructions."""
    steps: list[None] = []
    connection.connection.set_progress_handler(lambda: steps.append(None), 10)
    try:
        assert is_worth_second_try(job)
    finally:
        connection.connection.set_progress_handler(None, 0)
    return len(steps)


def read_plan(sql: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return str(cursor.fetchall())
