"""Iter: many tasks of one function, and one list of their results."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction
from django_q.brokers import get_broker
from django_q.models import Task
from django_q.tasks import Iter, async_iter, fetch, result

from processing.models import Job
from tests.queue.django_q2 import tasks
from tests.queue.django_q2.outcomes import read_texts, wait_until_all_is_done

pytestmark = pytest.mark.usefixtures("cluster", "one_attempt")

WAIT_MILLISECONDS = 30_000


def test_the_results_of_many_items_become_one_list_once(notes: str) -> None:
    items = [(notes, number) for number in range(50)]
    for round_number in range(1, 4):
        iteration = Iter(tasks.note, args=list(items))
        task_id = iteration.run()
        assert sorted(iteration.result(wait=WAIT_MILLISECONDS)) == list(range(50))
        wait_until_all_is_done()
        row = Task.objects.get(pk=task_id)
        assert (row.success, row.attempt_count, row.group) == (True, 1, None)
        assert row.args == items
        assert len(read_texts(notes)) == 50 * round_number
        assert Task.objects.count() == round_number, "the items have no rows of their own"


def test_nothing_makes_room_for_others_in_the_cache() -> None:
    """Django's caches drop a third of what they hold above 300 entries."""
    cache = get_broker().cache
    names = [f"waits-{number}" for number in range(320)]
    with transaction.atomic():
        for name in names:
            cache.set(name, name)
    task_id = async_iter(tasks.give, [1, 2, 3])
    assert sorted(result(task_id, wait=WAIT_MILLISECONDS)) == [1, 2, 3]
    assert len(cache.get_many(names)) == len(names)
    cache.delete_many(names)


def test_an_iteration_grows_before_it_runs() -> None:
    iteration = Iter(tasks.add, kwargs={"three": 3})
    assert iteration.append(1) == 1
    assert iteration.append(2, 2) == 2
    assert iteration.result() is None, "it has not been started"
    iteration.run()
    assert sorted(iteration.result(wait=WAIT_MILLISECONDS)) == [4, 7]
    assert iteration.fetch().args == [(1,), (2, 2)]


def test_an_item_that_fails_for_good_leaves_its_error_in_the_list() -> None:
    task_id = async_iter(tasks.refuse_odd, list(range(0, 20, 2)) + [7])
    values = result(task_id, wait=WAIT_MILLISECONDS)
    assert len(values) == 11
    [error] = [value for value in values if isinstance(value, str)]
    assert error.startswith("7 is odd : Traceback")


def test_an_item_whose_process_dies_leaves_that_in_the_list(notes: str) -> None:
    task_id = async_iter(tasks.die_before, [(1, notes), (9, notes)])
    values = result(task_id, wait=WAIT_MILLISECONDS)
    assert sorted(value[:5] for value in values) == ["The p", "attem"], values


def test_items_that_came_right_are_results(settings: Any, notes: str) -> None:
    settings.TASK_MAX_ATTEMPTS = 3
    task_id = async_iter(tasks.fail_before, [(2, f"{notes}{number}") for number in range(6)])
    wait_until_all_is_done()
    assert result(task_id) == ["attempt 2"] * 6


@pytest.mark.parametrize("cached", [True, 600])
def test_a_cached_iteration_is_in_the_cache_alone(cached: Any) -> None:
    iteration = Iter(tasks.give, args=[1, 2, 3], cached=cached)
    task_id = iteration.run()
    assert sorted(iteration.result(wait=WAIT_MILLISECONDS)) == [1, 2, 3]
    assert sorted(iteration.fetch().args) == [1, 2, 3]
    wait_until_all_is_done()
    assert not Task.objects.exists()
    assert fetch(task_id) is None
    assert set(Job.objects.values_list("state", flat=True)) == {"succeeded"}
