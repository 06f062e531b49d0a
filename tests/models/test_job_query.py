"""Questions about jobs."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from processing.models import Job
from tests.factories import make_job

pytestmark = pytest.mark.django_db


def test_a_page_starts_behind_the_last_job_of_the_page_before() -> None:
    now = timezone.now()
    same = [make_job(created_at=now) for _ in range(3)]
    older = make_job(created_at=now - timedelta(seconds=1))
    everything = list(Job.objects.newest_first())
    assert everything[-1] == older
    assert set(everything[:3]) == set(same)
    first = everything[0]
    assert list(Job.objects.newest_first((first.created_at, first.id))) == everything[1:]


def test_a_job_is_held_by_the_delivery_that_runs_and_by_no_other() -> None:
    job = make_job(state="running", deliveries=2)
    assert Job.objects.held_by(job.pk, 2).exists()
    assert not Job.objects.held_by(job.pk, 1).exists()
    Job.objects.update(state="queued")
    assert not Job.objects.held_by(job.pk, 2).exists()


@pytest.mark.parametrize("text", ["abcdef", "ABCDEF01-", "abcdef01-2345"])
def test_a_job_is_found_by_the_beginning_of_its_id(text: str) -> None:
    job = make_job(id=uuid.UUID("abcdef01-2345-6789-abcd-ef0123456789"))
    make_job()
    assert list(Job.objects.matching(text)) == [job]


@pytest.mark.parametrize(
    "columns", [{"name": "facade"}, {"function": "app.facade"}, {"idempotency_key": "facade"}]
)
def test_what_could_be_an_id_and_is_none_is_looked_for_in_the_names(
    columns: dict[str, Any],
) -> None:
    job = make_job(**columns)
    make_job()
    assert list(Job.objects.matching("facade")) == [job]


def test_a_caller_sees_its_own_jobs_and_an_operator_sees_all() -> None:
    own, other = make_job(caller="a"), make_job(caller="b")
    assert list(Job.objects.visible_to("a", sees_all=False)) == [own]
    assert set(Job.objects.visible_to("a", sees_all=True)) == {own, other}


def test_only_stored_results_expire() -> None:
    past = timezone.now() - timedelta(seconds=1)
    inline = make_job(result="1", result_expires_at=past)
    stored = make_job(result_name="results/aa/1", result_expires_at=past)
    make_job(result_expires_at=past)
    make_job(result="1", result_expires_at=timezone.now() + timedelta(minutes=1))
    assert set(Job.objects.with_expired_result(timezone.now())) == {inline, stored}


@pytest.mark.parametrize("caller", ["", "system"])
def test_a_caller_without_a_name_of_its_own_sees_its_jobs(caller: str) -> None:
    job = make_job(caller=caller)
    make_job(caller="token:a")
    assert list(Job.objects.visible_to(caller, sees_all=False)) == [job]
