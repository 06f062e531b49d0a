"""The schedules that every installation has."""

from __future__ import annotations

import pydoc

import pytest
from django.core.management import call_command
from django_q.models import Schedule

from processing.queue.schedules import DEFAULT_SCHEDULES, ensure_schedules
from tests.queue.racer import Racer, race

pytestmark = pytest.mark.django_db

ROUNDS = 30


def test_migrating_made_the_schedules() -> None:
    assert set(Schedule.objects.values_list("name", flat=True)) == set(DEFAULT_SCHEDULES)


def test_migrating_again_makes_no_second_ones() -> None:
    call_command("migrate", verbosity=0)
    assert Schedule.objects.count() == len(DEFAULT_SCHEDULES)


def test_a_changed_schedule_is_left_as_it_is() -> None:
    Schedule.objects.filter(name="purge jobs").update(schedule_type=Schedule.DAILY)
    ensure_schedules()
    assert Schedule.objects.get(name="purge jobs").schedule_type == Schedule.DAILY


def test_rows_that_are_there_twice_alike_are_one_again() -> None:
    changed = Schedule.objects.get(name="purge jobs")
    for _ in range(2):
        Schedule.objects.create(name="purge jobs", func=changed.func, schedule_type="H")
    Schedule.objects.create(name="purge jobs", func=changed.func, schedule_type="D")
    Schedule.objects.create(name="of the operator", func="math.floor", schedule_type="H")
    Schedule.objects.create(name="of the operator", func="math.floor", schedule_type="H")
    ensure_schedules()
    kept = Schedule.objects.filter(name="purge jobs").order_by("pk")
    assert [schedule.schedule_type for schedule in kept] == ["H", "D"]
    assert kept[0] == changed
    assert Schedule.objects.filter(name="of the operator").count() == 2


@pytest.mark.django_db(transaction=True)
def test_two_migrations_at_once_make_each_schedule_once(racers: list[Racer]) -> None:
    for _ in range(ROUNDS):
        Schedule.objects.all().delete()
        assert race(racers, [["ensure schedules"]] * 2) == [None, None]
        names = Schedule.objects.order_by("name").values_list("name", flat=True)
        assert list(names) == sorted(DEFAULT_SCHEDULES)


@pytest.mark.parametrize("function", DEFAULT_SCHEDULES.values())
def test_a_schedule_names_a_function_that_a_worker_finds(function: str) -> None:
    found = pydoc.locate(function)
    assert callable(found)
    assert set(found()) >= {"dry_run"}
