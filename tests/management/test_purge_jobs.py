"""`manage.py purge_jobs`: the command around the purge."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from processing.models import Job, MemorySample
from tests.factories import make_job, make_sample
from tests.management.conftest import Run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folders")]


def make_finished(hours: float) -> Job:
    ended = timezone.now() - timedelta(hours=hours)
    return make_job(state="succeeded", created_at=ended, finished_at=ended)


def test_what_is_older_than_the_setting_goes(run: Run, settings: Any) -> None:
    settings.JOB_EXPIRES_SECONDS = 3600
    make_finished(hours=2)
    kept = make_finished(hours=0.5)
    said = run("purge_jobs")
    assert said.out == "Deleted 1 job, 0 expired results, 0 task rows, 0 memory samples.\n"
    assert Job.objects.get() == kept


@pytest.mark.parametrize(("age", "left"), [("90s", 0), ("15m", 1), ("3h", 2), ("7d", 3)])
def test_an_age_is_taken_in_any_unit(run: Run, age: str, left: int) -> None:
    for hours in (0.1, 1, 24):
        make_finished(hours=hours)
    assert run("purge_jobs", "--older-than", age, "--json").document["jobs"] == 3 - left
    assert Job.objects.count() == left


def test_a_dry_run_deletes_nothing(run: Run) -> None:
    make_finished(hours=1000)
    assert run("purge_jobs", "--dry-run").out.startswith("Would delete 1 job, ")
    document = run("purge_jobs", "--dry-run", "--json").document
    assert document == {"jobs": 1, "results": 0, "tasks": 0, "samples": 0, "dry_run": True}
    assert Job.objects.count() == 1


def test_memory_samples_go_by_the_same_age(run: Run) -> None:
    for hours in (0.5, 2, 30):
        make_sample(at=timezone.now() - timedelta(hours=hours))
    document = run("purge_jobs", "--older-than", "1h", "--dry-run", "--json").document
    assert document["samples"] == 2
    assert MemorySample.objects.count() == 3
    said = run("purge_jobs", "--older-than", "1h")
    assert said.out == "Deleted 0 jobs, 0 expired results, 0 task rows, 2 memory samples.\n"
    assert MemorySample.objects.count() == 1


@pytest.mark.parametrize("age", ["7", "d", "1.5h", "-1d", "1w", "7 d", "", "9999999d"])
def test_a_bad_age_says_what_would_do(run: Run, folders: Path, age: str) -> None:
    make_finished(hours=1000)
    error = run("purge_jobs", f"--older-than={age}").error
    assert f"argument --older-than: {age!r} is not a duration" in error
    assert "such as 90s, 15m, 12h or 7d" in error
    assert Job.objects.count() == 1
