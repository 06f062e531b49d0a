"""The one INSERT that queues a job."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction
from django.utils import timezone
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from processing.errors import TaskTooLarge
from processing.models import BusyQueue, Job
from processing.models.states import PRIORITY_OFFSET_SECONDS, Priority
from processing.queue import enqueue
from processing.queue.enqueue import insert_job, make_job
from processing.queue.notify import CHANNEL

pytestmark = pytest.mark.django_db

ID = "0123456789abcdef" * 2
#: SQLite's clock counts milliseconds.
CLOCK_STEP = timedelta(milliseconds=1)


def make_columns(**task: Any) -> dict[str, Any]:
    task = {"id": ID, "name": "a task", "func": "math.floor", "args": (1.5,), "kwargs": {}, **task}
    return make_job(task, package=SignedPackage.dumps(task), queue="plimsoll")


def seconds_between(later: Any, earlier: Any) -> float:
    return float((later - earlier).total_seconds())


def test_a_row_is_what_django_would_have_saved() -> None:
    insert_job(**make_columns())
    job = Job.objects.get()
    fresh = Job(id=job.id, max_attempts=3, delivery_limit=13)
    set_here = {"queue", "name", "function", "caller", "package", "package_bytes"}
    set_here |= {"created_at", "run_after", "order_at", "timeout_seconds"}
    for field in Job._meta.concrete_fields:
        if field.attname not in set_here:
            assert getattr(job, field.attname) == getattr(fresh, field.attname), field.attname
    assert job.package_bytes == len(job.package.encode())


def test_the_times_are_of_the_databases_clock_and_the_same() -> None:
    before = timezone.now() - CLOCK_STEP
    insert_job(**make_columns())
    job = Job.objects.get()
    assert job.created_at == job.run_after == job.order_at
    assert before <= job.created_at <= timezone.now()


@pytest.mark.parametrize("priority", Priority)
def test_a_priority_is_a_place_in_time(priority: Priority) -> None:
    insert_job(**make_columns(), priority=priority.value, delay_seconds=90.25)
    job = Job.objects.get()
    assert job.priority == priority
    assert seconds_between(job.run_after, job.created_at) == 90.25
    assert seconds_between(job.order_at, job.run_after) == PRIORITY_OFFSET_SECONDS[priority]


@pytest.mark.parametrize("priority", Priority)
def test_a_moment_is_kept_as_it_is(priority: Priority) -> None:
    moment = timezone.now() + timedelta(days=3)
    elsewhere = moment.astimezone(timezone.get_fixed_timezone(330))
    insert_job(**make_columns(), priority=priority.value, run_after=elsewhere)
    job = Job.objects.get()
    assert job.run_after == moment
    assert seconds_between(job.order_at, moment) == PRIORITY_OFFSET_SECONDS[priority]


@pytest.mark.parametrize(
    ("given", "kept"),
    [(None, None), (-1, None), (0, None), (float("inf"), None), (0.5, 0.5), (1.5, 1.5), (7, 7.0)],
)
def test_a_timeout_is_kept_to_the_fraction(given: float | None, kept: float | None) -> None:
    assert make_columns(timeout=given)["timeout_seconds"] == kept


def test_a_task_without_a_timeout_gets_the_services(settings: Any) -> None:
    settings.TASK_TIMEOUT_SECONDS = 11
    assert make_columns()["timeout_seconds"] == 11.0


def test_a_timeout_that_is_no_number_is_refused_where_it_is_given() -> None:
    with pytest.raises(ValueError, match="soon"):
        async_task("math.floor", 1.5, timeout="soon")
    assert not Job.objects.exists()


def test_a_task_that_is_too_large_is_refused_with_what_would_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(enqueue, "PACKAGE_MAX_BYTES", 2000)
    async_task("builtins.len", "x" * 1000)
    with pytest.raises(TaskTooLarge, match=r"takes 4,\d+ bytes.*2,000.*an id or a path"):
        async_task("builtins.len", "x" * 3000)
    assert issubclass(TaskTooLarge, ValueError)
    assert Job.objects.count() == 1


def test_an_enqueue_is_one_statement(django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(1):
        async_task("math.floor", 1.5)


@pytest.fixture
def heard() -> Iterator[Any]:
    """The payloads that a listener has received so far, of committed transactions."""
    if connection.vendor != "postgresql":
        pytest.skip("NOTIFY is PostgreSQL's")
    known = connection.get_connection_params()
    login = {name: known[name] for name in ("dbname", "user", "host", "port") if name in known}
    with psycopg.connect(**login, autocommit=True) as listener:
        listener.execute(f"LISTEN {CHANNEL}")
        yield lambda: [notice.payload for notice in listener.notifies(timeout=0.5)]


@pytest.mark.django_db(transaction=True)
def test_postgresql_tells_the_clusters_when_it_commits(heard: Any) -> None:
    with transaction.atomic():
        async_task("math.floor", 1.5)
        transaction.set_rollback(True)
    assert heard() == []
    with transaction.atomic():
        async_task("math.floor", 1.5, cluster="other")
        assert heard() == []
    assert heard() == ["other"]


@pytest.mark.django_db(transaction=True)
def test_postgresql_leaves_a_busy_cluster_alone(heard: Any) -> None:
    BusyQueue.objects.create(queue="plimsoll", busy_until=timezone.now() + timedelta(minutes=1))
    async_task("math.floor", 1.5)
    assert heard() == []
    assert Job.objects.count() == 1
