"""Groups: reading, counting and removing the results of tasks that belong together."""

from __future__ import annotations

import uuid

import pytest
from django_q.models import Task
from django_q.tasks import (
    async_task,
    count_group,
    delete_cached,
    delete_group,
    fetch_cached,
    fetch_group,
    result,
    result_cached,
    result_group,
)

from tests.queue.django_q2 import hooks, tasks
from tests.queue.django_q2.outcomes import (
    END_SECONDS,
    read_texts,
    wait_for_end,
    wait_until_all_is_done,
)
from tests.service import wait_for

pytestmark = pytest.mark.usefixtures("cluster", "one_attempt")

WAIT_MILLISECONDS = 10_000


def queue_four(**options: object) -> None:
    """Three tasks of the group "four" that succeed, and one that fails."""
    for number in (1, 2, 3):
        async_task(tasks.give, number, group="four", **options)
    async_task(tasks.fail, "four", group="four", **options)


def test_a_group_need_not_be_text() -> None:
    group = uuid.uuid4()
    task_id = async_task(tasks.give, 1, group=group)
    job = wait_for_end(task_id)
    assert (job.state, job.attempts) == ("succeeded", 1)
    assert Task.objects.get(pk=task_id).group == str(group)


def test_a_group_is_read_when_all_of_it_is_there() -> None:
    queue_four()
    assert sorted(result_group("four", count=4, wait=WAIT_MILLISECONDS)) == [1, 2, 3]
    assert len(result_group("four", failures=True)) == 4
    assert {task.success for task in fetch_group("four", count=4)} == {True, False}
    assert {task.result for task in fetch_group("four", failures=False)} == {1, 2, 3}
    assert (count_group("four"), count_group("four", failures=True)) == (4, 1)
    one = Task.objects.filter(group="four").first()
    assert (one.group_count(), len(one.group_result())) == (4, 3)


def test_a_group_loses_its_name_or_its_tasks() -> None:
    queue_four()
    async_task(tasks.give, 5, group="other")
    wait_until_all_is_done()
    assert delete_group("other") == 1
    assert (count_group("other"), Task.objects.count()) == (0, 5)
    delete_group("four", tasks=True)
    assert Task.objects.get().result == 5


def test_a_cached_result_is_kept_in_the_cache_alone(notes: str) -> None:
    task_id = async_task(tasks.note, notes, "kept", cached=True, hook=hooks.note_outcome)
    assert result(task_id, wait=WAIT_MILLISECONDS, cached=True) == "kept"
    assert result_cached(task_id) == "kept"
    task = fetch_cached(task_id)
    assert (task.id, task.args, task.success) == (task_id, (notes, "kept"), True)
    wait_until_all_is_done()
    assert not Task.objects.exists()
    assert read_texts(notes) == ["kept"], "django-q2 calls the hooks of saved tasks"
    delete_cached(task_id)
    assert result_cached(task_id) is None


def test_a_cached_result_is_kept_for_as_long_as_was_asked() -> None:
    # Django's cache in a database knows whole seconds: this one is kept for 2 to 3.
    brief = async_task(tasks.give, "brief", cached=3)
    long = async_task(tasks.give, "long", cached=600)
    assert result_cached(brief, wait=WAIT_MILLISECONDS) == "brief"
    assert result_cached(long, wait=WAIT_MILLISECONDS) == "long"
    wait_for(lambda: result_cached(brief) is None, END_SECONDS, "it was kept for longer")
    assert result_cached(long) == "long"


def test_a_cached_failure_tells_the_error() -> None:
    task_id = async_task(tasks.fail, "not today", cached=True)
    assert wait_for_end(task_id).state == "failed"
    task = fetch_cached(task_id, wait=WAIT_MILLISECONDS)
    assert task.success is False
    assert task.result.startswith("not today : Traceback (most recent call last):")


def test_a_cached_failure_that_came_right_is_a_result(settings: object, notes: str) -> None:
    settings.TASK_MAX_ATTEMPTS = 2  # type: ignore[attr-defined]
    task_id = async_task(tasks.fail_before, 2, notes, cached=True)
    assert wait_for_end(task_id).state == "succeeded"
    assert result_cached(task_id, wait=WAIT_MILLISECONDS) == "attempt 2"


def test_a_cached_group_is_read_when_all_of_it_is_there() -> None:
    queue_four(cached=True)
    numbers = result_group("four", count=4, wait=WAIT_MILLISECONDS, cached=True)
    assert sorted(numbers) == [1, 2, 3]
    assert len(result_group("four", failures=True, cached=True)) == 4
    assert len(fetch_group("four", cached=True)) == 4
    assert len(fetch_group("four", failures=False, cached=True)) == 3
    assert (count_group("four", cached=True), count_group("four", True, cached=True)) == (4, 1)
    delete_group("four", cached=True)
    assert count_group("four", cached=True) is None
