"""The sweep of a store that is in the database."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from processing.models import DatabaseChunk, DatabaseFile, Job
from processing.queue.purge import purge_jobs
from processing.queue.sweep import sweep_uploads
from processing.uploads.spool_sweep import YOUNG_SECONDS
from processing.uploads.store import get_store
from tests.factories import make_job, make_upload

pytestmark = pytest.mark.django_db

NOTHING = {"uploads": 0, "files": 0, "bytes": 0, "dry_run": False}


@pytest.fixture(autouse=True)
def database_store(settings: Any, folders: Path) -> None:
    backend = "processing.database_store.storage.DatabaseStorage"
    settings.STORAGES = {**settings.STORAGES, "uploads": {"BACKEND": backend}}


def store(name: str, age_seconds: float = YOUNG_SECONDS + 60) -> None:
    """A finished file of 5 bytes."""
    get_store().save(name, ContentFile(b"12345"))
    age(name, age_seconds)


def begin(name: str, age_seconds: float = YOUNG_SECONDS + 60) -> None:
    """An unfinished file of 3 bytes."""
    get_store().begin(name)
    appender = get_store().append(name, 0, is_provisional=False)
    appender.write(b"123")
    appender.close()
    age(name, age_seconds)


def age(name: str, age_seconds: float) -> None:
    modified_at = timezone.now() - timedelta(seconds=age_seconds)
    assert DatabaseFile.objects.filter(name=name).update(modified_at=modified_at)


def names() -> list[str]:
    return sorted(DatabaseFile.objects.values_list("name", flat=True))


def test_what_nobody_owns_goes_once_it_is_old_finished_or_not() -> None:
    store("sources/ab/old")
    begin("sources/ab/torn")
    store("sources/ab/young", YOUNG_SECONDS - 60)
    begin("sources/ab/running", YOUNG_SECONDS - 60)

    assert sweep_uploads(dry_run=True) == NOTHING | {"files": 2, "bytes": 8, "dry_run": True}
    assert len(names()) == 4
    assert sweep_uploads() == NOTHING | {"files": 2, "bytes": 8}
    assert names() == ["sources/ab/running", "sources/ab/young"]
    assert DatabaseChunk.objects.count() == 2


def test_a_file_that_is_written_to_stays_however_long_ago_it_was_begun() -> None:
    begin("sources/ab/slow")
    get_store().append("sources/ab/slow", 3, is_provisional=False).write(b"x" * 300_000)

    assert sweep_uploads() == NOTHING
    assert names() == ["sources/ab/slow"]


def test_sources_and_results_stay_while_their_job_is_known() -> None:
    store("sources/ab/abc")
    job = make_job(state="succeeded", upload=make_upload(stored_name="sources/ab/abc"))
    result = f"results/{job.id.hex[:2]}/{job.id.hex}-1"
    store(result)
    Job.objects.filter(pk=job.pk).update(result_name=result)

    assert sweep_uploads() == NOTHING
    assert names() == sorted(["sources/ab/abc", result])


def test_a_job_that_is_forgotten_takes_its_files_along() -> None:
    store("sources/ab/abc")
    ended_at = timezone.now() - timedelta(days=30)
    job = make_job(
        state="succeeded",
        upload=make_upload(stored_name="sources/ab/abc"),
        created_at=ended_at,
        finished_at=ended_at,
    )
    result = f"results/{job.id.hex[:2]}/{job.id.hex}-1"
    store(result)
    Job.objects.filter(pk=job.pk).update(result_name=result)

    assert purge_jobs()["jobs"] == 1
    assert names() == []
    assert not DatabaseChunk.objects.exists()
