"""Web processes that are killed or stopped in the middle of an upload."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from processing.errors import UploadLocked
from processing.models import Job, ResumableUpload, Upload
from processing.queue.resumable import content
from processing.queue.resumable.abandoned import finish_abandoned
from processing.uploads.store import open_stored
from tests.queue.resumable.uploader import Uploader, run_uploader
from tests.queue.resumable.uploading import (
    DATA,
    append,
    begin_upload,
    end_lease,
    receive,
    resume,
    sha256,
    take_surely,
)

pytestmark = pytest.mark.django_db(transaction=True)

FIRST, REST = DATA[:4].decode(), DATA[4:].decode()


@pytest.fixture
def uploader(store: Path) -> Iterator[Uploader]:
    with run_uploader(store) as uploader:
        yield uploader


@pytest.fixture
def upload() -> ResumableUpload:
    return begin_upload()


def check_one_job(upload: ResumableUpload) -> None:
    """That it is complete, once, with the bytes and the digest that it should have."""
    upload.refresh_from_db()
    assert Job.objects.get().pk == upload.job_id
    source = Upload.objects.get()
    with open_stored(source.stored_name) as file:
        assert file.read() == DATA
    assert source.sha256 == sha256(DATA)


def test_what_a_killed_process_had_written_is_there_at_once(
    uploader: Uploader, upload: ResumableUpload
) -> None:
    assert uploader.do("take", str(upload.pk))
    assert uploader.do("append", FIRST) == 4
    assert uploader.do("renew") == "ours"
    uploader.kill()
    taken = take_surely(upload)  # not when the lease is over: now
    assert resume(taken).offset == 4
    end_lease(upload)
    receive(upload, REST.encode())
    check_one_job(upload)


def test_an_upload_whose_process_died_behind_the_last_byte_is_finished_by_the_next_request(
    uploader: Uploader, upload: ResumableUpload
) -> None:
    assert uploader.do("take", str(upload.pk))
    assert uploader.do("append", DATA.decode()) == uploader.do("close") == 10
    uploader.kill()
    receive(upload, b"")
    check_one_job(upload)


def test_an_upload_whose_process_died_behind_the_last_byte_is_finished_by_the_schedule(
    uploader: Uploader, upload: ResumableUpload
) -> None:
    assert uploader.do("take", str(upload.pk))
    assert uploader.do("append", DATA.decode()) == uploader.do("close") == 10
    uploader.kill()
    assert finish_abandoned() == {"found": 0, "completed": 0, "dry_run": False}
    end_lease(upload)
    assert finish_abandoned() == {"found": 1, "completed": 1, "dry_run": False}
    check_one_job(upload)
    assert finish_abandoned() == {"found": 0, "completed": 0, "dry_run": False}


def test_a_process_that_dies_with_a_finished_file_has_not_to_be_gone_back_over(
    uploader: Uploader, upload: ResumableUpload
) -> None:
    assert uploader.do("take", str(upload.pk))
    assert uploader.do("start_provisional")
    assert uploader.do("append", DATA.decode()) == uploader.do("close") == 10
    assert uploader.do("end_provisional")
    uploader.do("finish")
    uploader.kill()
    receive(upload, b"")
    check_one_job(upload)


def test_a_process_that_dies_while_it_completes_leaves_nothing_half_done(
    uploader: Uploader, upload: ResumableUpload
) -> None:
    assert uploader.do("take", str(upload.pk))
    assert uploader.do("append", DATA.decode()) == uploader.do("close") == 10
    uploader.begin("die_while_completing")
    assert uploader.wait_for_death() == -9
    assert Job.objects.count() == Upload.objects.count() == 0
    receive(upload, b"")
    check_one_job(upload)


def test_an_answer_that_was_lost_makes_no_second_job(
    uploader: Uploader, upload: ResumableUpload
) -> None:
    assert uploader.do("take", str(upload.pk))
    assert uploader.do("append", DATA.decode()) == 10
    job_id = uploader.do("complete")
    uploader.kill()
    upload.refresh_from_db()
    assert str(upload.job_id) == job_id
    check_one_job(upload)


def test_bytes_that_a_killed_process_had_not_checked_are_gone_back_over(
    uploader: Uploader, upload: ResumableUpload
) -> None:
    receive(upload, DATA[:2])
    assert uploader.do("take", str(upload.pk))
    assert uploader.do("start_provisional")
    assert uploader.do("append", "wrong") == 7
    uploader.kill()
    upload.refresh_from_db()
    assert content.measure(upload) == 2
    taken = take_surely(upload)
    assert resume(taken).offset == 2
    end_lease(upload)
    receive(upload, DATA[2:])
    check_one_job(upload)


def test_a_stopped_process_finds_its_upload_lost_and_does_no_harm(
    uploader: Uploader, upload: ResumableUpload
) -> None:
    assert uploader.do("take", str(upload.pk))
    assert uploader.do("append", FIRST) == 4
    uploader.stop()
    end_lease(upload)
    taken = take_surely(upload)
    append(taken, REST.encode())
    uploader.go_on()
    assert uploader.do("append", "wrong") == "UploadLocked"
    assert uploader.do("abandon") == "UploadLocked"
    assert uploader.do("renew") == "lost"
    assert uploader.do("let_go") is False
    assert uploader.do("complete") == "UploadLocked"
    assert Job.objects.count() == Upload.objects.count() == 0
    end_lease(upload)
    receive(upload, b"")
    check_one_job(upload)


def test_a_process_that_stops_before_it_opens_the_file_cuts_off_nothing(
    uploader: Uploader, upload: ResumableUpload
) -> None:
    assert uploader.do("take", str(upload.pk))
    uploader.begin("stop_and_append", "wrong")
    uploader.wait_until_stopped()
    # What it has locked is not written to as long as it stands still.
    end_lease(upload)
    taken = take_surely(upload)
    with pytest.raises(UploadLocked):
        append(taken, DATA[:6])
    uploader.go_on()
    assert uploader.hear() == "UploadLocked"
    append(taken, DATA[:6])
    end_lease(upload)
    receive(upload, DATA[6:])
    check_one_job(upload)


def test_a_process_that_stops_between_its_last_look_and_its_write_is_waited_for(
    uploader: Uploader, upload: ResumableUpload
) -> None:
    assert uploader.do("take", str(upload.pk))
    assert uploader.do("append", FIRST) == 4
    uploader.begin("ask_stop_and_append", DATA[4:8].decode())
    uploader.wait_until_stopped()
    end_lease(upload)
    taken = take_surely(upload)
    with pytest.raises(UploadLocked):
        append(taken, REST.encode())
    with pytest.raises(UploadLocked):
        content.finish(taken)
    uploader.go_on()
    assert uploader.hear() == 8
    assert uploader.do("renew") == "lost"
    end_lease(upload)
    receive(upload, DATA[8:])
    check_one_job(upload)


def test_a_process_that_is_killed_between_its_last_look_and_its_write_holds_up_nobody(
    uploader: Uploader, upload: ResumableUpload
) -> None:
    assert uploader.do("take", str(upload.pk))
    uploader.begin("ask_stop_and_append", "wrong")
    uploader.wait_until_stopped()
    uploader.kill()
    receive(upload, DATA)
    check_one_job(upload)


def test_a_stopped_process_that_wakes_after_the_end_is_told_the_job(
    uploader: Uploader, upload: ResumableUpload
) -> None:
    assert uploader.do("take", str(upload.pk))
    assert uploader.do("append", FIRST) == 4
    uploader.stop()
    end_lease(upload)
    receive(upload, REST.encode())
    uploader.go_on()
    assert uploader.do("append", REST) == "UploadLocked"
    assert uploader.do("renew") == "lost"
    assert uploader.do("complete") == str(Job.objects.get().pk)
    check_one_job(upload)
