"""Schedules: configuration that can be edited."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from django_q.models import Schedule, Task

pytestmark = pytest.mark.django_db

LIST = "/admin/django_q/schedule/"
FORM = {
    "name": "tidy at night",
    "func": "processing.queue.purge.purge_jobs",
    "schedule_type": "D",
    "repeats": "-1",
    "next_run_0": "2030-01-01",
    "next_run_1": "03:00:00",
}


@pytest.fixture(autouse=True)
def no_schedules(db: None) -> None:
    Schedule.objects.all().delete()


def test_a_schedule_can_be_made_changed_and_removed(operator: Client) -> None:
    assert operator.post(f"{LIST}add/", FORM).status_code == 302
    schedule = Schedule.objects.get(name="tidy at night")
    page = f"{LIST}{schedule.pk}/change/"
    assert operator.post(page, FORM | {"schedule_type": "W"}).status_code == 302
    schedule.refresh_from_db()
    assert schedule.schedule_type == "W"
    assert operator.post(f"{LIST}{schedule.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not Schedule.objects.exists()


def test_the_list_says_how_long_until_the_next_run(operator: Client) -> None:
    Schedule.objects.create(name="n", func="f", next_run=timezone.now() + timedelta(minutes=5.5))
    assert "in 5 min " in operator.get(LIST).content.decode()


def test_our_own_functions_are_offered(operator: Client) -> None:
    text = operator.get(f"{LIST}add/").content.decode()
    assert 'list="functions-to-schedule"' in text
    for function in ("purge.purge_jobs", "sweep.sweep_uploads"):
        assert f'<option value="processing.queue.{function}">' in text


@pytest.mark.parametrize(("success", "kind"), [(True, "success"), (False, "failure")])
def test_the_list_links_to_the_last_run(operator: Client, success: bool, kind: str) -> None:
    now = timezone.now()
    task = Task.objects.create(
        id="1" * 32, name="last", func="f", started=now, stopped=now, success=success
    )
    Schedule.objects.create(name="n", func="f", task=task.id)
    link = f'<a href="/admin/django_q/{kind}/{task.id}/change/">[last]</a>'
    assert link in operator.get(LIST).content.decode()
    assert operator.get(f"/admin/django_q/{kind}/{task.id}/change/").status_code == 200
