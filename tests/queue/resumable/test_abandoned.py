"""What the schedule finishes: uploads that a dead process left behind."""

from __future__ import annotations

import pytest
from django_q.models import Schedule

from processing.models import Job, ResumableUpload, Upload
from processing.queue.resumable import ask_for, content, renew
from processing.queue.resumable.abandoned import finish_abandoned
from processing.uploads.store import get_store
from tests.queue.resumable.uploading import (
    DATA,
    append,
    begin_upload,
    end_lease,
    make_part,
    receive,
    sha256,
    take_surely,
)

pytestmark = pytest.mark.django_db

NOTHING = {"found": 0, "completed": 0, "dry_run": False}


def leave(data: bytes, **columns: object) -> ResumableUpload:
    """An upload whose holder has written `data`, said nothing of it, and is gone."""
    upload = take_surely(begin_upload(**columns))
    append(upload, data)
    end_lease(upload)
    return upload


def read(upload: ResumableUpload) -> ResumableUpload:
    row: ResumableUpload = ResumableUpload.objects.get(pk=upload.pk)
    return row


def test_one_with_all_its_bytes_is_completed() -> None:
    upload = leave(DATA)
    assert finish_abandoned() == NOTHING | {"found": 1, "completed": 1}
    assert read(upload).job_id == Job.objects.get().pk
    assert Upload.objects.get().sha256 == sha256(DATA)
    assert finish_abandoned() == NOTHING


def test_one_without_is_free_again_with_what_there_is() -> None:
    upload = leave(DATA[:4])
    assert finish_abandoned() == NOTHING | {"found": 1}
    row = read(upload)
    assert (row.holder, row.offset, row.digest_offset, row.job_id) == ("", 4, 4, None)
    assert finish_abandoned() == NOTHING
    receive(upload, DATA[4:])
    assert Upload.objects.get().sha256 == sha256(DATA)


def test_one_of_unknown_length_is_free_again() -> None:
    upload = leave(DATA, length=None)
    assert finish_abandoned() == NOTHING | {"found": 1}
    assert (read(upload).holder, read(upload).offset) == ("", 10)


def test_a_partial_one_is_whole_and_no_job() -> None:
    upload = leave(DATA, kind="partial")
    assert finish_abandoned() == NOTHING | {"found": 1}
    assert (read(upload).holder, read(upload).offset) == ("", 10)
    assert not Job.objects.exists()


def test_one_that_is_said_to_be_whole_and_was_not_completed_is_completed() -> None:
    upload = begin_upload()
    append(upload, DATA)
    ResumableUpload.objects.update(offset=10)
    assert finish_abandoned(dry_run=True) == {"found": 1, "completed": 0, "dry_run": True}
    assert finish_abandoned() == NOTHING | {"found": 1, "completed": 1}


def test_bytes_that_are_not_known_to_be_good_are_not_completed() -> None:
    upload = leave(DATA)
    ResumableUpload.objects.update(provisional_from=3)
    assert finish_abandoned() == NOTHING | {"found": 1}
    row = read(upload)
    assert (row.offset, row.provisional_from) == (3, None)
    assert get_store().measure(upload.stored_name) == 3


def test_one_that_is_held_or_rests_is_left_alone() -> None:
    held = take_surely(begin_upload())
    append(held, DATA)
    receive(begin_upload(), DATA[:4])
    make_part(b"abc")
    receive(begin_upload(), DATA)
    assert finish_abandoned() == NOTHING
    assert read(held).holder == held.holder


def test_what_has_no_file_waits_for_its_time_to_be_over() -> None:
    upload = leave(DATA)
    get_store().delete(upload.stored_name)
    assert finish_abandoned() == NOTHING | {"found": 1}
    assert read(upload).holder == ""
    assert finish_abandoned() == NOTHING


def test_one_that_fails_does_not_keep_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    broken, whole = leave(DATA), leave(DATA)
    finish = content.finish

    def fail(upload: ResumableUpload) -> None:
        if upload.pk == broken.pk:
            raise ValueError("of some library below the store")
        finish(upload)

    with monkeypatch.context() as patched:
        patched.setattr("processing.queue.resumable.abandoned.finish", fail)
        assert finish_abandoned() == NOTHING | {"found": 2, "completed": 1}
    assert read(whole).job_id is not None
    end_lease(broken)
    assert finish_abandoned() == NOTHING | {"found": 1, "completed": 1}
    assert Job.objects.count() == 2


def test_one_whose_client_is_back_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(content, "CATCH_UP_STEP_BYTES", 2)
    upload = leave(DATA)

    def renew_late(*arguments: object) -> object:
        ask_for(upload.pk)
        return renew(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr("processing.queue.resumable.abandoned.renew", renew_late)
    assert finish_abandoned() == NOTHING | {"found": 1}
    row = read(upload)
    assert (row.holder, row.offset, row.digest_offset) == ("", 10, 2)
    receive(upload, b"")
    assert Upload.objects.get().sha256 == sha256(DATA)


def test_it_is_scheduled_each_minute() -> None:
    schedule = Schedule.objects.get(name="finish uploads")
    assert (schedule.schedule_type, schedule.minutes) == (Schedule.MINUTES, 1)
