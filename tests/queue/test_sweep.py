"""The sweep, on real files in a spool and a store."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from processing.models import Job, Upload
from processing.processors import Processor, registry
from processing.queue import sweep
from processing.queue.sweep import sweep_uploads
from processing.uploads.spool_sweep import YOUNG_SECONDS
from tests.factories import make_job, make_upload

pytestmark = pytest.mark.django_db

HOUR_SECONDS = 3600
NOTHING = {"uploads": 0, "files": 0, "bytes": 0, "dry_run": False}


@pytest.fixture(autouse=True)
def ages(settings: Any, folders: Path) -> None:
    settings.UPLOAD_EXPIRES_SECONDS = 24 * HOUR_SECONDS
    settings.TASK_TIMEOUT_SECONDS = 600


def write(path: Path, age_seconds: float = 2 * HOUR_SECONDS, content: bytes = b"12345") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    moment = time.time() - age_seconds
    os.utime(path, (moment, moment))
    return path


def store_upload(folders: Path, name: str, age: timedelta, **columns: Any) -> tuple[Upload, Path]:
    created_at = timezone.now() - age
    upload = make_upload(stored_name=name, created_at=created_at, **columns)
    return upload, write(folders / "store" / name, age.total_seconds())


def store_result(folders: Path, job: Job, suffix: str = "-1") -> Path:
    name = f"results/{job.id.hex[:2]}/{job.id.hex}{suffix}"
    Job.objects.filter(pk=job.pk).update(result_name=name)
    return write(folders / "store" / name)


@pytest.mark.parametrize("folder", ["incoming", "outgoing"])
def test_a_left_over_of_the_spool_goes_once_it_is_old(folders: Path, folder: str) -> None:
    old = write(folders / "spool" / folder / "a.part", YOUNG_SECONDS + 60)
    young = write(folders / "spool" / folder / "b.part", YOUNG_SECONDS - 60)
    assert sweep_uploads() == NOTHING | {"files": 1, "bytes": 5}
    assert not old.exists()
    assert young.exists()


@pytest.mark.parametrize("name", ["sources/ab/abc", "results/ab/abc-1", "stray"])
def test_a_stored_file_without_an_owner_goes_once_it_is_old(folders: Path, name: str) -> None:
    old = write(folders / "store" / name)
    young = write(folders / "store" / "sources/cd/cde", 60)
    assert sweep_uploads() == NOTHING | {"files": 1, "bytes": 5}
    assert not old.exists()
    assert young.exists()


@pytest.mark.parametrize("state", Job.State.values)
def test_a_source_stays_while_its_job_is_known(folders: Path, state: str) -> None:
    upload, path = store_upload(folders, "sources/ab/abc", timedelta(days=30))
    make_job(state=state, upload=upload)
    assert sweep_uploads() == NOTHING
    assert path.exists()
    assert Upload.objects.get() == upload


@pytest.mark.parametrize("suffix", ["-1", "-27", "-1_a8Bc9dE"])
def test_a_result_stays_while_its_job_names_it(folders: Path, suffix: str) -> None:
    job = make_job(state="succeeded")
    path = store_result(folders, job, suffix)
    assert sweep_uploads() == NOTHING
    assert path.exists()


def test_the_result_of_an_earlier_delivery_goes(folders: Path) -> None:
    job = make_job(state="succeeded")
    earlier = store_result(folders, job, "-1")
    latest = store_result(folders, job, "-2")
    assert sweep_uploads() == NOTHING | {"files": 1, "bytes": 5}
    assert not earlier.exists()
    assert latest.exists()


def test_an_upload_without_a_job_expires_with_its_file(folders: Path) -> None:
    _, old = store_upload(folders, "sources/ab/abc", timedelta(hours=25))
    kept, young = store_upload(folders, "sources/cd/cde", timedelta(hours=23))
    assert sweep_uploads() == NOTHING | {"uploads": 1, "bytes": 5}
    assert not old.exists()
    assert young.exists()
    assert Upload.objects.get() == kept


def test_a_dry_run_says_what_would_go_and_deletes_nothing(folders: Path) -> None:
    _, expired = store_upload(folders, "sources/ab/abc", timedelta(hours=25))
    stray = write(folders / "store" / "sources/cd/cde")
    spooled = write(folders / "spool" / "incoming" / "a.part")
    expected = {"uploads": 1, "files": 2, "bytes": 15}
    assert sweep_uploads(dry_run=True) == expected | {"dry_run": True}
    assert all(path.exists() for path in (expired, stray, spooled))
    assert Upload.objects.exists()
    assert sweep_uploads() == expected | {"dry_run": False}, "and then just that goes"


def test_a_second_run_finds_nothing(folders: Path) -> None:
    store_upload(folders, "sources/ab/abc", timedelta(hours=25))
    write(folders / "store" / "sources/cd/cde")
    sweep_uploads()
    assert sweep_uploads() == NOTHING


def test_folders_that_do_not_exist_yet_are_empty(folders: Path) -> None:
    assert not (folders / "store").exists()
    assert sweep_uploads() == NOTHING


def test_more_than_one_batch_goes(folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "BATCH_FILES", 2)
    for number in range(5):
        store_upload(folders, f"sources/ab/{number}", timedelta(hours=25))
        write(folders / "store" / f"sources/cd/{number}")
    assert sweep_uploads() == NOTHING | {"uploads": 5, "files": 5, "bytes": 50}
    assert not [path for path in folders.rglob("*") if path.is_file()]


def test_a_job_that_may_run_for_long_keeps_its_quiet_files(
    folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(folders / "spool" / "outgoing" / "a.part", 3 * HOUR_SECONDS)
    slow = Processor(
        name="slow",
        function=lambda job, source, sink: None,
        accepts="file",
        timeout_seconds=4 * HOUR_SECONDS,
    )
    monkeypatch.setitem(registry._processors, "slow", slow)
    assert sweep_uploads() == NOTHING
    assert path.exists()
    monkeypatch.delitem(registry._processors, "slow")
    assert sweep_uploads()["files"] == 1
