"""The schedules that every installation has."""

from __future__ import annotations

import pydoc

import pytest
from django.core.management import call_command
from django_q.models import Schedule

from processing.queue.schedules import DEFAULT_SCHEDULES, ensure_schedules

pytestmark = pytest.mark.django_db


def test_migrating_made_the_schedules() -> None:
    assert set(Schedule.objects.values_list("name", flat=True)) == set(DEFAULT_SCHEDULES)


def test_migrating_again_makes_no_second_ones() -> None:
    call_command("migrate", verbosity=0)
    assert Schedule.objects.count() == len(DEFAULT_SCHEDULES)


def test_a_changed_schedule_is_left_as_it_is() -> None:
    Schedule.objects.filter(name="purge jobs").update(schedule_type=Schedule.DAILY)
    ensure_schedules()
    assert Schedule.objects.get(name="purge jobs").schedule_type == Schedule.DAILY


@pytest.mark.parametrize("function", DEFAULT_SCHEDULES.values())
def test_a_schedule_names_a_function_that_a_worker_finds(function: str) -> None:
    found = pydoc.locate(function)
    assert callable(found)
    assert set(found()) >= {"dry_run"}
