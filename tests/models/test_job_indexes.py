"""The indexes of jobs: every question that is asked often is answered by one of them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from processing.models import Job
from processing.models.job_query import JobQuerySet
from processing.models.states import CANCELLABLE_STATES, FINAL_STATES, State
from tests.factories import make_job

pytestmark = pytest.mark.django_db

#: So many that PostgreSQL prefers an index to reading the table.
MANY = 3000


@pytest.fixture(scope="module")
def filled(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Many plain functions that succeeded, and one job of everything else, for all tests here."""
    with django_db_blocker.unblock(), transaction.atomic():
        fill_table()
        yield
        transaction.set_rollback(True)


def fill_table() -> None:
    now = timezone.now()
    plain = {"queue": "q", "name": "n", "function": "f", "caller": "system", "package": "p" * 200}
    plain |= {"state": "succeeded", "max_attempts": 1, "delivery_limit": 11}
    moments = [now - timedelta(seconds=number) for number in range(MANY)]
    Job.objects.bulk_create(
        [Job(**plain, created_at=moment, finished_at=moment) for moment in moments], batch_size=20
    )
    for state in State:
        make_job(state=state, caller="token:a", lease_expires_at=now)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE processing_job")


@pytest.fixture
def jobs(filled: None, db: None) -> JobQuerySet:
    """What `filled` has made, to be read."""
    everything: JobQuerySet = Job.objects.all()
    return everything


def explain(jobs: Any) -> str:
    """How the database would find a page of these."""
    plan: str = jobs[:51].explain()
    return plan


def is_scan(plan: str) -> bool:
    """Whether all jobs might be read: the table, or the index that holds all of them."""
    whole = {"sqlite": ["SCAN processing_job"], "postgresql": ["Seq Scan", "job_newest"]}
    return any(text in plan for text in whole[connection.vendor])


@pytest.mark.parametrize("state", [State.QUEUED, State.FAILED, State.CANCELLED])
def test_a_rare_state_is_found_by_its_index(jobs: JobQuerySet, state: State) -> None:
    for asked in (jobs.in_state(state).newest_first(), jobs.in_state(state).order_by()):
        plan = explain(asked)
        assert "job_at_rest" in plan or (state == State.QUEUED and "job_claim" in plan)


def test_running_jobs_are_found_by_their_leases(jobs: JobQuerySet) -> None:
    plan = explain(jobs.in_state(State.RUNNING).newest_first())
    assert "job_lease" in plan
    assert not is_scan(plan)
    assert jobs.in_state(State.RUNNING).get().state == "running"


def test_live_jobs_are_found_by_two_indexes(jobs: JobQuerySet) -> None:
    plan = explain(jobs.in_state(*CANCELLABLE_STATES).order_by("created_at", "pk"))
    assert "job_lease" in plan
    assert "job_at_rest" in plan or "job_claim" in plan
    assert not is_scan(plan)
    assert {job.state for job in jobs.live()} == {"queued", "running"}


def test_the_jobs_of_a_processor_are_found_by_their_index(jobs: JobQuerySet) -> None:
    assert "job_of_processor" in explain(jobs.of_processor("echo").newest_first())
    both = jobs.fitting(states=["succeeded"], processor="echo")
    assert "job_of_processor" in explain(both.newest_first())
    assert [job.processor for job in both] == ["echo"]
    assert jobs.of_processor("").count() == MANY


def test_the_jobs_of_a_caller_are_found_by_their_index(jobs: JobQuerySet) -> None:
    own = jobs.visible_to("token:a", sees_all=False)
    assert "job_of_caller" in explain(own.newest_first())
    assert own.count() == len(State)


def test_what_is_to_be_purged_is_found_by_an_index(jobs: JobQuerySet) -> None:
    old = jobs.finished_before(timezone.now() - timedelta(days=30)).order_by("created_at")
    plan = explain(old)
    assert "created_at<" in plan if connection.vendor == "sqlite" else "Seq Scan" not in plan


@pytest.mark.parametrize("states", [("queued",), ("running", "failed"), FINAL_STATES])
def test_states_are_those_that_were_asked_for(jobs: JobQuerySet, states: tuple[str, ...]) -> None:
    found = jobs.in_state(*states).filter(processor="echo")
    assert {job.state for job in found} == set(states)


def test_the_filter_of_the_admin_uses_the_index(admin_client: Client, jobs: JobQuerySet) -> None:
    with CaptureQueriesContext(connection) as queries:
        response = admin_client.get("/admin/processing/job/?state__exact=failed")
    assert [job.state for job in response.context["cl"].result_list] == ["failed"]
    asked = [query["sql"] for query in queries if "processing_job" in query["sql"]]
    assert asked
    for sql in asked:
        with connection.cursor() as cursor:
            prefix = "EXPLAIN QUERY PLAN" if connection.vendor == "sqlite" else "EXPLAIN"
            cursor.execute(f"{prefix} {sql}")
            assert "job_at_rest" in str(cursor.fetchall())
