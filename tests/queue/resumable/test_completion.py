"""An upload with all its bytes becomes one job."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.db import IntegrityError
from pytest_django import DjangoAssertNumQueries

from processing.errors import NoSuchUpload, UploadLocked
from processing.models import Job, ResumableUpload, Upload
from processing.queue.resumable import complete, find, take
from processing.queue.submit import RUN_PROCESSOR
from tests.factories import make_job, make_resumable, make_upload
from tests.queue.resumable.uploading import (
    DATA,
    begin_upload,
    end_lease,
    receive,
    sha256,
    take_surely,
)

pytestmark = pytest.mark.django_db

#: BEGIN, the upload, the job, the row, COMMIT; in a test the first and last are a savepoint's.
STATEMENTS = 5


def test_it_is_an_upload_a_job_and_who_owns_the_bytes() -> None:
    row = receive(begin_upload(caller="token:a", filename="b.csv", media_type="text/csv"), DATA)
    job = Job.objects.select_related("upload").get()
    assert (job.processor, job.caller, job.state) == ("sha256", "token:a", "queued")
    assert (job.function, job.source_bytes) == (RUN_PROCESSOR, 10)
    upload = job.upload
    assert upload is not None
    assert (upload.filename, upload.media_type, upload.size_bytes) == ("b.csv", "text/csv", 10)
    assert (upload.sha256, upload.stored_name) == (sha256(DATA), row.stored_name)
    assert (row.job_id, row.offset, row.holder, row.expires_at) == (job.pk, 10, "", None)
    assert row.digest_state is None


@pytest.mark.django_db(transaction=True)
def test_it_costs_three_statements_in_one_transaction(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    taken = take_surely(make_resumable())
    with django_assert_num_queries(STATEMENTS):
        complete(taken, taken.holder, sha256(DATA))


def test_it_comes_in_several_requests_with_one_digest() -> None:
    upload = begin_upload()
    for position in range(0, 10, 3):
        receive(upload, DATA[position : position + 3])
    assert Upload.objects.get().sha256 == sha256(DATA)


def test_a_full_queue_refuses_none_that_was_admitted(settings: Any) -> None:
    settings.QUEUE_MAX_JOBS = settings.QUEUE_MAX_BYTES = 1
    make_job(source_bytes=1000)
    assert receive(begin_upload(), DATA).job_id is not None


def test_the_same_again_is_the_same_job() -> None:
    taken = take_surely(make_resumable())
    first = complete(taken, taken.holder, sha256(DATA))
    assert complete(taken, taken.holder, sha256(DATA)) == first
    again = take(taken.pk, "another")
    assert again is not None
    assert complete(again, "another", sha256(DATA)) == first
    assert Job.objects.count() == Upload.objects.count() == 1


def test_whoever_lost_it_does_not_complete_it() -> None:
    taken = take_surely(make_resumable(), "first")
    end_lease(taken)
    take_surely(taken, "second")
    with pytest.raises(UploadLocked):
        complete(taken, "first", sha256(DATA))
    assert Job.objects.count() == Upload.objects.count() == 0
    assert find(str(taken.pk), "", operates=False).holder == "second"


def test_whoever_lost_it_to_one_that_completed_it_is_told_the_job() -> None:
    taken = take_surely(make_resumable(), "first")
    end_lease(taken)
    job_id = complete(take_surely(taken, "second"), "second", sha256(DATA))
    assert complete(taken, "first", sha256(DATA)) == job_id


def test_what_is_gone_is_not_completed() -> None:
    taken = take_surely(make_resumable())
    ResumableUpload.objects.all().delete()
    with pytest.raises(NoSuchUpload):
        complete(taken, taken.holder, sha256(DATA))
    assert Job.objects.count() == Upload.objects.count() == 0


def test_a_processor_that_is_gone_makes_a_job_all_the_same() -> None:
    receive(begin_upload(processor="of_last_year"), DATA)
    assert Job.objects.get().processor == "of_last_year"


def test_a_file_that_another_upload_has_is_an_error_that_shows() -> None:
    taken = take_surely(make_resumable())
    make_upload(stored_name=taken.stored_name)
    with pytest.raises(IntegrityError):
        complete(taken, taken.holder, sha256(DATA))
    assert Job.objects.count() == 0


def test_an_error_leaves_nothing_and_the_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = take_surely(make_resumable())
    with pytest.raises(AssertionError):
        complete(ResumableUpload(pk=uuid.uuid4()), taken.holder, "")
    broken = "processing.queue.submit.async_task"
    with monkeypatch.context() as patched:
        patched.setattr(broken, lambda *arguments, **keywords: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            complete(taken, taken.holder, sha256(DATA))
    assert Upload.objects.count() == 0
    assert complete(taken, taken.holder, sha256(DATA)) == Job.objects.get().pk
