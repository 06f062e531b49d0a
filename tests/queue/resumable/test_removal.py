"""Uploads that end: because somebody wants it, because nothing came, because their job is gone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from processing.errors import NoSuchUpload, UploadExpired, UploadLocked
from processing.models import Job, ResumableUpload, Upload
from processing.queue import purge
from processing.queue.purge import purge_jobs
from processing.queue.resumable import Hold, concatenate, find, let_go, renew, take, terminate
from processing.queue.resumable.abandoned import finish_abandoned
from processing.queue.resumable.termination import remove_upload
from processing.queue.sweep import sweep_uploads
from processing.uploads.store import get_store
from tests.queue.resumable.uploading import (
    DATA,
    append,
    begin_upload,
    end_lease,
    expire,
    make_part,
    receive,
    take_surely,
)

pytestmark = pytest.mark.django_db

NOTHING = {"uploads": 0, "files": 0, "bytes": 0, "dry_run": False}


def is_stored(upload: ResumableUpload) -> bool:
    try:
        return get_store().size(upload.stored_name) >= 0
    except FileNotFoundError:
        return False


def test_an_unfinished_upload_that_is_ended_is_gone() -> None:
    upload = receive(begin_upload(), DATA[:4])
    taken = take_surely(upload)
    assert terminate(taken, taken.holder) == upload.stored_name
    with pytest.raises(NoSuchUpload):
        find(str(upload.pk), "", operates=False)


def test_only_its_holder_ends_it() -> None:
    taken = take_surely(begin_upload(), "first")
    end_lease(taken)
    take_surely(taken, "second")
    with pytest.raises(UploadLocked):
        terminate(taken, "first")
    assert ResumableUpload.objects.exists()


def test_a_complete_upload_that_is_ended_loses_its_address_and_no_job() -> None:
    upload = receive(begin_upload(), DATA)
    taken = take_surely(upload)
    assert terminate(taken, taken.holder) is None
    with pytest.raises(UploadExpired):
        find(str(upload.pk), "", operates=False)
    assert sweep_uploads() == NOTHING
    assert Job.objects.get().upload == Upload.objects.get()
    assert is_stored(upload)


def test_an_expired_upload_goes_with_its_file() -> None:
    upload, kept = receive(begin_upload(), DATA[:4]), receive(begin_upload(), DATA[:3])
    expire(upload)
    assert sweep_uploads(dry_run=True) == {"uploads": 1, "files": 0, "bytes": 4, "dry_run": True}
    assert sweep_uploads() == NOTHING | {"uploads": 1, "bytes": 4}
    assert ResumableUpload.objects.get() == kept
    assert not is_stored(upload)
    assert is_stored(kept)
    assert sweep_uploads() == NOTHING


def test_more_go_than_are_looked_up_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processing.queue.resumable.expiry.BATCH_ROWS", 2)
    for _ in range(5):
        expire(begin_upload())
    assert sweep_uploads()["uploads"] == 5


def test_an_expired_upload_that_is_held_stays_until_its_lease_is_over() -> None:
    upload = take_surely(begin_upload())
    expire(upload)
    assert sweep_uploads() == NOTHING
    end_lease(upload)
    assert sweep_uploads()["uploads"] == 1
    assert renew(upload.pk, upload.holder, 5, None) is Hold.LOST


def test_one_with_all_its_bytes_waits_for_its_job_however_long_no_worker_came() -> None:
    upload = take_surely(begin_upload())
    append(upload, DATA)
    assert let_go(upload.pk, upload.holder, len(DATA), None)
    expire(upload)
    assert sweep_uploads() == NOTHING
    assert finish_abandoned()["completed"] == 1
    assert Job.objects.count() == 1
    assert sweep_uploads() == NOTHING


def test_one_whose_bytes_are_lost_goes_when_its_time_is_over() -> None:
    upload = take_surely(begin_upload())
    assert let_go(upload.pk, upload.holder, len(DATA), None)
    get_store().delete(upload.stored_name)
    assert finish_abandoned()["found"] == 1
    assert ResumableUpload.objects.exists()
    expire(upload)
    assert finish_abandoned()["found"] == 1
    assert not ResumableUpload.objects.exists()


def test_an_expired_upload_whose_client_came_back_stays() -> None:
    upload = begin_upload()
    expire(upload)
    expired = ResumableUpload.objects.expired()
    assert list(expired.all()) == [upload]
    receive(upload, DATA[:4])
    assert remove_upload(upload.pk, expired) is None
    assert is_stored(upload)


def test_a_partial_upload_that_nobody_joined_expires_like_any_other() -> None:
    part, joined = make_part(b"abc"), make_part(b"def")
    concatenate([joined.pk], caller="", operates=False, filename="a", processor="sha256")
    for upload in ResumableUpload.objects.all():
        expire(upload)
    assert sweep_uploads() == NOTHING | {"uploads": 1, "bytes": 3}
    assert not is_stored(part)
    assert is_stored(joined)


def test_an_upload_that_is_held_can_be_removed_by_force() -> None:
    upload = take_surely(begin_upload())
    assert remove_upload(upload.pk, ResumableUpload.objects.open()) == 0
    assert renew(upload.pk, upload.holder, 5, None) is Hold.LOST
    with pytest.raises(NoSuchUpload):
        take(upload.pk, "next")
    with pytest.raises(FileNotFoundError):
        get_store().append(upload.stored_name, 0, is_provisional=False)


def test_a_complete_one_cannot() -> None:
    upload = receive(begin_upload(), DATA)
    assert remove_upload(upload.pk, ResumableUpload.objects.open()) is None
    assert is_stored(upload)


def test_the_sweep_leaves_the_files_of_unfinished_uploads_and_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    parts = [make_part(b"abc"), make_part(b"def")]
    concatenate([parts[0].pk], caller="", operates=False, filename="a", processor="sha256")
    unfinished = begin_upload()
    monkeypatch.setattr("time.time", lambda: timezone.now().timestamp() + 86_400)
    assert sweep_uploads() == NOTHING
    assert all(is_stored(upload) for upload in (*parts, unfinished))


def test_a_job_that_is_purged_takes_its_upload_along() -> None:
    upload = receive(begin_upload(), DATA)
    finish_job()
    assert purge_jobs()["jobs"] == 1
    assert ResumableUpload.objects.count() == Upload.objects.count() == 0
    assert not is_stored(upload)


def test_a_job_that_is_purged_takes_its_parts_along() -> None:
    parts = [make_part(b"abc"), make_part(b"def")]
    ids = [part.pk for part in parts]
    concatenate(ids, caller="", operates=False, filename="a", processor="sha256")
    other = make_part(b"ghi")
    finish_job()
    assert purge_jobs()["jobs"] == 1
    assert ResumableUpload.objects.get() == other
    assert [is_stored(part) for part in (*parts, other)] == [False, False, True]


def test_jobs_of_many_parts_are_purged_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purge, "BATCH_PARTS", 4)
    parts = [make_part(b"abc") for _ in range(10)]
    for first, second in zip(parts[::2], parts[1::2], strict=True):
        ids = [first.pk, second.pk]
        concatenate(ids, caller="", operates=False, filename="a", processor="sha256")
    finish_job()
    with CaptureQueriesContext(connection) as queries:
        assert purge_jobs()["jobs"] == 5
    deletes = [query for query in queries if 'DELETE FROM "processing_job" ' in query["sql"]]
    assert len(deletes) == 3, "two, two and one"
    assert not ResumableUpload.objects.exists()
    assert not any(is_stored(part) for part in parts)


def test_a_job_that_is_deleted_otherwise_leaves_files_for_the_sweep(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    single, part = receive(begin_upload(), DATA), make_part(b"abc")
    concatenate([part.pk], caller="", operates=False, filename="a", processor="sha256")
    Job.objects.all().delete()
    assert ResumableUpload.objects.count() == 0
    monkeypatch.setattr("time.time", lambda: timezone.now().timestamp() + 86_400)
    past = timezone.now() - timedelta(days=30)
    Upload.objects.update(created_at=past)
    assert sweep_uploads() == NOTHING | {"uploads": 2, "files": 1, "bytes": 16}
    assert not is_stored(single)
    assert not is_stored(part)


def finish_job() -> None:
    """Have all jobs be done since long."""
    past = timezone.now() - timedelta(days=30)
    Job.objects.update(state="succeeded", created_at=past, finished_at=past)
