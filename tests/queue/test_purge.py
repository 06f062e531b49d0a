"""The purge, on real rows and real files: what goes, what stays, and in which order."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import caches
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_q.models import Task

from processing.models import Job, JobPayload, MemorySample, Upload
from processing.queue import purge
from processing.queue.purge import purge_jobs
from processing.uploads.store import get_store
from tests.factories import make_job, make_sample, make_upload

pytestmark = pytest.mark.django_db

DAY_SECONDS = 86_400
NOTHING = {"jobs": 0, "results": 0, "tasks": 0, "samples": 0, "dry_run": False}


@pytest.fixture(autouse=True)
def store(settings: Any, folders: Path) -> Path:
    settings.JOB_EXPIRES_SECONDS = 7 * DAY_SECONDS
    return folders / "store"


def days_ago(days: float) -> Any:
    return timezone.now() - timedelta(days=days)


def make_finished(days: float = 8, state: str = "succeeded", **columns: Any) -> Job:
    times = {"created_at": days_ago(days + 0.1), "finished_at": days_ago(days)}
    return make_job(state=state, **(times | columns))


def store_file(name: str) -> str:
    return get_store().save(name, ContentFile(b"bytes"))


def make_task(days: float) -> Task:
    identity = f"{Task.objects.count():032x}"
    ended = days_ago(days)
    return Task.objects.create(
        id=identity, name="t", func="math.floor", started=ended, stopped=ended
    )


def is_stored(name: str) -> bool:
    return get_store().exists(name)


@pytest.mark.parametrize("state", ["succeeded", "failed", "cancelled"])
def test_a_job_goes_with_its_payload_source_and_result(state: str) -> None:
    upload = make_upload(stored_name=store_file("sources/ab/abc"))
    job = make_finished(state=state, upload=upload, result_name=store_file("results/ab/abc-1"))
    JobPayload.objects.create(job=job, body=b"1")
    assert purge_jobs() == NOTHING | {"jobs": 1}
    assert not Job.objects.exists()
    assert not JobPayload.objects.exists()
    assert not Upload.objects.exists()
    assert not is_stored("sources/ab/abc")
    assert not is_stored("results/ab/abc-1")


def test_a_source_lives_as_long_as_its_job() -> None:
    upload = make_upload(stored_name=store_file("sources/ab/abc"), created_at=days_ago(30))
    job = make_finished(days=6.9, upload=upload, created_at=days_ago(30))
    assert purge_jobs() == NOTHING
    assert Job.objects.get().upload == upload
    assert is_stored("sources/ab/abc")
    Job.objects.filter(pk=job.pk).update(finished_at=days_ago(7.1))
    assert purge_jobs()["jobs"] == 1
    assert not is_stored("sources/ab/abc")


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_job_that_waits_or_runs_is_never_too_old(state: str) -> None:
    make_job(state=state, created_at=days_ago(1000))
    make_job(state=state, created_at=days_ago(1000), finished_at=days_ago(999))
    assert purge_jobs(older_than_seconds=0) == NOTHING
    assert Job.objects.count() == 2


def test_an_age_of_ones_own_is_taken_instead_of_the_setting() -> None:
    make_finished(days=2)
    kept = make_finished(days=0.5)
    assert purge_jobs(older_than_seconds=DAY_SECONDS) == NOTHING | {"jobs": 1}
    assert Job.objects.get() == kept


def test_an_expired_result_goes_and_its_job_stays() -> None:
    name = store_file("results/ab/abc-1")
    expired = {"result_expires_at": days_ago(1)}
    upload = make_upload(stored_name=store_file("sources/ab/abc"))
    in_file = make_finished(days=2, result_name=name, upload=upload, **expired)
    in_row = make_finished(days=2, result="[1]", **expired)
    assert purge_jobs() == NOTHING | {"results": 2}
    in_file.refresh_from_db()
    in_row.refresh_from_db()
    assert (in_file.result_name, in_row.result) == ("", None)
    assert not is_stored(name)
    assert in_file.result_expired, "it must answer 410, not 404"
    assert in_row.result_expired
    assert is_stored("sources/ab/abc")


def test_a_result_that_has_time_left_is_kept() -> None:
    later = timezone.now() + timedelta(hours=1)
    job = make_finished(days=1, result="[1]", result_expires_at=later)
    assert purge_jobs() == NOTHING
    job.refresh_from_db()
    assert job.result == "[1]"


def test_the_rows_of_old_tasks_go() -> None:
    make_task(days=8)
    kept = make_task(days=1)
    assert purge_jobs() == NOTHING | {"tasks": 1}
    assert Task.objects.get() == kept


def test_old_memory_samples_go_with_what_was_done_then() -> None:
    make_sample(at=days_ago(8))
    make_sample(at=days_ago(7.1), action="recycle", detail="recycled seat 1")
    kept = make_sample(at=days_ago(6.9))
    assert purge_jobs() == NOTHING | {"samples": 2}
    assert MemorySample.objects.get() == kept


def test_a_dry_run_says_what_would_go_and_deletes_nothing() -> None:
    name = store_file("results/ab/abc-1")
    make_finished(days=8, result_name=name, result_expires_at=days_ago(1))
    make_finished(days=2, result="[1]", result_expires_at=days_ago(1))
    make_task(days=8)
    make_sample(at=days_ago(8))
    expected = {"jobs": 1, "results": 1, "tasks": 1, "samples": 1}
    assert purge_jobs(dry_run=True) == expected | {"dry_run": True}
    counts = Job.objects.count(), Task.objects.count(), MemorySample.objects.count()
    assert counts == (2, 1, 1)
    assert Job.objects.filter(result="[1]").exists()
    assert is_stored(name)
    assert purge_jobs() == expected | {"dry_run": False}, "and then just that goes"


def test_a_second_run_finds_nothing_and_harms_nothing() -> None:
    make_finished(days=8)
    make_finished(days=2, result="[1]", result_expires_at=days_ago(1))
    purge_jobs()
    assert purge_jobs() == NOTHING
    assert Job.objects.count() == 1


def test_files_that_are_gone_already_are_no_error() -> None:
    upload = make_upload(stored_name="sources/ab/gone")
    make_finished(upload=upload, result_name="results/ab/gone-1")
    make_finished(days=2, result_name="results/ab/gone-2", result_expires_at=days_ago(1))
    assert purge_jobs() == NOTHING | {"jobs": 1, "results": 1}


def test_more_than_one_batch_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge, "BATCH_ROWS", 2)
    for _ in range(5):
        make_finished()
        make_finished(days=2, result="1", result_expires_at=days_ago(1))
        make_task(days=8)
        make_sample(at=days_ago(8))
    assert purge_jobs() == NOTHING | {"jobs": 5, "results": 5, "tasks": 5, "samples": 5}


def test_what_has_expired_in_the_cache_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge, "BATCH_ROWS", 2)
    cache = caches["queue"]
    cache.clear()  # clusters of other tests have said how they are
    for number in range(5):
        cache.set(f"old:{number}", 1, timeout=-60)
    cache.set("young", 1, timeout=60)
    cache.set("kept", 1, timeout=None)
    assert purge_jobs(dry_run=True) == NOTHING | {"dry_run": True}
    assert count_cached() == 7
    assert purge_jobs() == NOTHING
    assert count_cached() == 2


def count_cached() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM processing_queue_cache")
        return int(cursor.fetchone()[0])


def test_what_is_large_is_not_loaded_to_be_deleted() -> None:
    make_finished(upload=make_upload())
    make_finished(days=2, result="1", result_expires_at=days_ago(1))
    make_task(days=8)
    with CaptureQueriesContext(connection) as queries:
        purge_jobs()
    loads = [query["sql"] for query in queries if query["sql"].startswith("SELECT")]
    for column in ("package", "error_traceback", '"result"', "args", "kwargs"):
        selected = [sql for sql in loads if column in sql.partition(" FROM ")[0]]
        assert not selected, column
