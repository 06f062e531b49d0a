"""The backend: what it can do, what it takes, and what an enqueue gives."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from asgiref.sync import sync_to_async
from django.core.exceptions import ImproperlyConfigured, SynchronousOnlyOperation
from django.db import connection, connections, transaction
from django.utils import timezone
from django_tasks import TaskResultStatus, default_task_backend, task_backends
from django_tasks.exceptions import InvalidTaskError
from django_tasks.signals import task_enqueued

from processing.errors import TaskTooLarge
from processing.models import Job
from processing.queue.enqueue import PACKAGE_MAX_BYTES
from processing.queue.tasks_backend import PlimsollBackend
from tests.queue.tasks_backend import sample_tasks

BACKEND = "processing.queue.tasks_backend.PlimsollBackend"

CountQueries = Callable[[int], Any]


def configure(settings: Any, queues: list[str], **options: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": BACKEND, "QUEUES": queues, "OPTIONS": options}}


def test_it_is_the_default_backend_and_can_do_everything() -> None:
    backend = task_backends["default"]
    assert default_task_backend == backend
    assert isinstance(backend, PlimsollBackend)
    assert (backend.alias, backend.queues, backend.options) == ("default", set(), {})
    assert backend.supports_defer
    assert backend.supports_async_task
    assert backend.supports_get_result
    assert backend.supports_priority
    assert not list(backend.check())


@pytest.mark.django_db
@pytest.mark.parametrize("task", [sample_tasks.add, sample_tasks.add_slowly])
def test_an_enqueued_task_waits_after_one_query(
    task: Any, django_assert_num_queries: CountQueries
) -> None:
    with django_assert_num_queries(1):
        result = task.enqueue(1, two=3)
    assert UUID(result.id).version == 4
    assert (result.status, result.is_finished) == (TaskResultStatus.READY, False)
    assert (result.started_at, result.last_attempted_at, result.finished_at) == (None,) * 3
    assert timezone.now() - result.enqueued_at < timedelta(minutes=1)
    assert (result.task, result.backend) == (task, "default")
    assert (result.args, result.kwargs) == ([1], {"two": 3})
    assert (result.attempts, result.errors, result.worker_ids) == (0, [], [])
    with pytest.raises(ValueError, match="Task has not finished yet"):
        _ = result.return_value
    assert Job.objects.get(pk=result.id).state == "queued"


@pytest.mark.django_db(transaction=True)
def test_a_task_is_enqueued_and_looked_up_from_a_coroutine() -> None:
    async def enqueue() -> None:
        result = await sample_tasks.add.aenqueue(1, 2)
        assert (result.status, result.args) == (TaskResultStatus.READY, [1, 2])
        assert await sample_tasks.add.aget_result(result.id) == result
        assert await Job.objects.acount() == 1
        with pytest.raises(SynchronousOnlyOperation):
            sample_tasks.add.enqueue(1, 2)
        await sync_to_async(connections.close_all)()  # those of the thread that did it

    asyncio.run(enqueue())


@pytest.mark.django_db
def test_receivers_are_told_of_an_enqueue() -> None:
    seen: list[tuple[Any, Any]] = []

    def see(sender: Any, task_result: Any, **kwargs: Any) -> None:
        seen.append((sender, task_result))

    task_enqueued.connect(see)
    try:
        result = sample_tasks.add.enqueue(1)
    finally:
        task_enqueued.disconnect(see)
    assert seen == [(PlimsollBackend, result)]


@pytest.mark.django_db(transaction=True)
def test_a_task_is_there_when_its_transaction_commits_and_gone_when_not() -> None:
    other = connection.copy()
    count = f"SELECT COUNT(*) FROM {Job._meta.db_table}"
    try:
        with transaction.atomic():
            sample_tasks.add.enqueue(1)
            assert other.cursor().execute(count).fetchone() == (0,)
        assert other.cursor().execute(count).fetchone() == (1,)
        with transaction.atomic():
            sample_tasks.add.enqueue(1)
            transaction.set_rollback(True)
        assert other.cursor().execute(count).fetchone() == (1,)
    finally:
        other.close()


@pytest.mark.parametrize("value", [datetime(2026, 1, 1, tzinfo=UTC), {1, 2}, b"\xff"])
def test_arguments_without_json_are_refused(value: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="Unsupported"):
        sample_tasks.add.enqueue(value)


@pytest.mark.django_db
def test_arguments_that_are_too_large_are_refused() -> None:
    with pytest.raises(TaskTooLarge):
        sample_tasks.give.enqueue("x" * PACKAGE_MAX_BYTES)
    assert not Job.objects.exists()


def test_a_queue_that_is_not_of_the_backend_is_refused_also_at_the_enqueue(settings: Any) -> None:
    configure(settings, ["reports"])
    task = sample_tasks.add.using(queue_name="reports")
    configure(settings, ["default"])
    with pytest.raises(InvalidTaskError, match="Queue 'reports' is not valid"):
        task.enqueue(1)
    with pytest.raises(InvalidTaskError, match="Queue 'reports' is not valid"):
        asyncio.run(task.aenqueue(1))


@pytest.mark.parametrize("priority", [-101, 101, 3.1])
def test_a_priority_that_makes_no_sense_is_refused(priority: Any) -> None:
    with pytest.raises(InvalidTaskError, match="priority must be"):
        sample_tasks.add.using(priority=priority)


def test_a_time_without_a_zone_is_refused() -> None:
    with pytest.raises(InvalidTaskError, match="aware datetime"):
        sample_tasks.add.using(run_after=datetime(2030, 1, 1))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"timeout": 5}, r"TASKS\['default'\]\['OPTIONS'\] has 'timeout'; it may have timeout_"),
        ({"timeout_seconds": 0}, "timeout_seconds=0 makes no sense; it must be a number above 0"),
        ({"memory_limit_mb": "64"}, "memory_limit_mb='64' makes no sense"),
        ({"max_attempts": 1.5}, "max_attempts=1.5 makes no sense; it must be a whole number"),
        ({"max_attempts": True}, "max_attempts=True makes no sense"),
        ({"clusters": ["reports"]}, r"clusters=\['reports'\] makes no sense"),
        ({"clusters": {"reports": ""}}, r"clusters=\{'reports': ''\} makes no sense"),
    ],
)
def test_options_that_make_no_sense_are_refused(
    settings: Any, options: dict[str, Any], message: str
) -> None:
    configure(settings, [], **options)
    with pytest.raises(ImproperlyConfigured, match=message):
        _ = task_backends["default"]
