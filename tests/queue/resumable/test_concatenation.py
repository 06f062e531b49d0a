"""One upload of several, without moving a byte."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from processing.errors import (
    IllegalState,
    InvalidConcatenation,
    NoSuchUpload,
    UploadExpired,
    UploadLocked,
    UploadTooLarge,
    UploadUnfinished,
)
from processing.models import Job, ResumableUpload, Upload
from processing.processors import get_processor
from processing.queue.processor_call import JobHandle, call_processor, open_source
from processing.queue.resumable import Hold, concatenate, let_go, renew, terminate
from processing.queue.resumable.abandoned import finish_abandoned
from tests.queue.resumable.uploading import (
    begin_upload,
    end_lease,
    expire,
    make_part,
    receive,
    take_surely,
)

pytestmark = pytest.mark.django_db

TEXTS = (b"one ", b"", b"two ", b"three")
WHOLE = b"".join(TEXTS)


@pytest.fixture
def parts() -> list[ResumableUpload]:
    return [make_part(text, caller="token:a") for text in TEXTS]


def join(parts: Sequence[Any], caller: str = "token:a", **given: Any) -> ResumableUpload:
    """Concatenate uploads, or ids of them."""
    ids = [getattr(part, "pk", part) for part in parts]
    wishes = {"operates": False, "filename": "b.txt", "processor": "sha256", **given}
    return concatenate(ids, caller=caller, **wishes)


def load_job() -> Job:
    job: Job = Job.objects.select_related("upload").get()
    return job


def test_partial_uploads_make_no_job(parts: list[ResumableUpload]) -> None:
    assert Job.objects.count() == Upload.objects.count() == 0
    assert all(part.is_open for part in parts)


def test_a_final_is_a_job_on_all_parts_in_the_order_asked(parts: list[ResumableUpload]) -> None:
    final = join(parts)
    job = load_job()
    assert final.job_id == job.pk
    assert (final.kind, final.length, final.offset) == ("final", len(WHOLE), len(WHOLE))
    assert (job.source_bytes, job.processor, job.caller) == (len(WHOLE), "sha256", "token:a")
    assert job.upload is not None
    assert (job.upload.size_bytes, job.upload.sha256) == (len(WHOLE), "")
    with open_source(job) as source:
        assert source.read() == WHOLE
    final.refresh_from_db()
    assert final.expires_at is None
    assert list(final.parts.order_by("part_number")) == parts
    assert all(part.expires_at is None for part in final.parts.all())


def test_another_order_is_another_file(parts: list[ResumableUpload]) -> None:
    join(parts[::-1])
    with open_source(load_job()) as source:
        assert source.read() == b"".join(TEXTS[::-1])


def test_a_processor_reads_it_as_one_file(parts: list[ResumableUpload]) -> None:
    join(parts)
    job = load_job()
    result = call_processor(get_processor("sha256"), job, JobHandle(job), None)
    assert result["sha256"] == hashlib.sha256(WHOLE).hexdigest()


def test_its_statements_do_not_grow_with_the_parts(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    parts = [make_part(b"a") for _ in range(100)]
    with django_assert_max_num_queries(9):
        join(parts, caller="")


def test_the_same_again_is_the_same_final(parts: list[ResumableUpload]) -> None:
    first = join(parts)
    assert join(parts) == first
    assert Job.objects.count() == Upload.objects.count() == 1


@pytest.mark.parametrize("given", [{"processor": "upper"}, {"metadata": "filename YQ=="}])
def test_the_same_parts_for_something_else_are_taken(
    parts: list[ResumableUpload], given: dict[str, str]
) -> None:
    join(parts)
    with pytest.raises(IllegalState):
        join(parts, **given)


@pytest.mark.parametrize("chosen", [[0, 2, 1, 3], [0, 1, 2], [0], [3, 2, 1, 0]])
def test_parts_of_one_final_do_not_make_another(
    parts: list[ResumableUpload], chosen: list[int]
) -> None:
    join(parts)
    with pytest.raises(IllegalState):
        join([parts[number] for number in chosen])


def test_a_part_of_another_final_does_not_make_one_with_new_ones(
    parts: list[ResumableUpload],
) -> None:
    join(parts[:2])
    for mixed in (parts, parts[::-1]):
        with pytest.raises(IllegalState):
            join(mixed)
    assert Job.objects.count() == 1


def test_an_unfinished_part_is_refused(parts: list[ResumableUpload]) -> None:
    columns = {"kind": "partial", "caller": "token:a"}
    unfinished = begin_upload(**columns)
    unknown = begin_upload(**columns, length=None)
    for part in (unfinished, unknown):
        with pytest.raises(UploadUnfinished):
            join([*parts, part])
    assert Job.objects.count() == ResumableUpload.objects.filter(kind="final").count() == 0


def test_an_expired_part_is_refused(parts: list[ResumableUpload]) -> None:
    expire(parts[2])
    with pytest.raises(UploadExpired):
        join(parts)


def test_what_is_no_partial_upload_is_refused(parts: list[ResumableUpload]) -> None:
    single = receive(begin_upload(caller="token:a", length=4), b"abcd")
    final = join(parts[:1])
    for other in (single, final):
        with pytest.raises(InvalidConcatenation):
            join([parts[1], other])


def test_nothing_the_same_twice_or_too_much_is_refused(
    parts: list[ResumableUpload],
) -> None:
    for chosen in ([], [parts[0], parts[0]], [uuid.uuid4() for _ in range(1001)]):
        with pytest.raises(InvalidConcatenation):
            join(chosen)


def test_a_part_of_another_caller_is_not_there(parts: list[ResumableUpload]) -> None:
    with pytest.raises(NoSuchUpload):
        join(parts, caller="token:b")
    with pytest.raises(NoSuchUpload):
        join([*parts, uuid.uuid4()])
    assert join(parts, caller="token:b", operates=True).caller == "token:b"


def test_more_than_one_upload_may_have_is_refused(
    parts: list[ResumableUpload], settings: Any
) -> None:
    settings.UPLOAD_MAX_BYTES = len(WHOLE) - 1
    with pytest.raises(UploadTooLarge):
        join(parts)
    assert ResumableUpload.objects.filter(final=None).count() == len(parts)


def test_a_joined_part_can_be_ended_and_its_bytes_stay(parts: list[ResumableUpload]) -> None:
    join(parts)
    taken = take_surely(parts[0])
    assert terminate(taken, taken.holder) is None
    with open_source(load_job()) as source:
        assert source.read() == WHOLE
    assert join(parts).job_id == load_job().pk


def test_a_part_that_somebody_works_on_is_refused(parts: list[ResumableUpload]) -> None:
    taken = take_surely(parts[0])
    assert renew(taken.pk, taken.holder, taken.length, None) is Hold.OURS
    with pytest.raises(UploadLocked, match=f"works on the upload {taken.pk}"):
        join(parts)
    assert Job.objects.count() == 0
    assert let_go(taken.pk, taken.holder, taken.length, None)
    assert join(parts).job_id == load_job().pk


def test_a_part_whose_holder_died_is_refused_until_it_is_known_how_far_it_is(
    parts: list[ResumableUpload],
) -> None:
    take_surely(parts[0])
    end_lease(parts[0])
    with pytest.raises(UploadLocked):
        join(parts)
    finish_abandoned()
    assert join(parts).job_id == load_job().pk


def test_whoever_held_a_part_cannot_change_it_any_more(parts: list[ResumableUpload]) -> None:
    taken = take_surely(parts[0])
    end_lease(parts[0])
    receive(parts[0], b"")
    join(parts)
    assert renew(taken.pk, taken.holder, 1, None) is Hold.LOST
    assert not let_go(taken.pk, taken.holder, 1, None)
    taken.refresh_from_db()
    assert (taken.offset, taken.expires_at) == (taken.length, None)


def test_parts_that_are_gone_are_a_source_that_is_gone(parts: list[ResumableUpload]) -> None:
    join(parts)
    ResumableUpload.objects.all().delete()
    with pytest.raises(FileNotFoundError):
        open_source(load_job())
