"""PATCH /uploads/<id>: append the body to the upload."""

from __future__ import annotations

from contextlib import nullcontext

from django.http import HttpResponse

from processing.errors import FinalUpload, InvalidUploadLength, OffsetMismatch, UploadLocked
from processing.models import ResumableUpload
from processing.queue.kept import kept
from processing.queue.resumable import set_length
from processing.uploads.admission import check_file_size, upload_seat
from processing.uploads.space import promise_piece
from processing.web.body import RequestBody
from processing.web.database import in_database
from processing.web.memory_watch import watch
from processing.web.request import ApiRequest
from processing.web.submission import count_kept_bytes
from processing.web.tus.answers import answer_progress, telling_job
from processing.web.tus.checksum import Checksum, read_checksum
from processing.web.tus.completion import finish_if_whole
from processing.web.tus.headers import check_content_type, read_length, read_offset
from processing.web.tus.hold import HeldUpload, hold
from processing.web.tus.lookup import find_upload
from processing.web.tus.reception import check_room, receive_piece
from processing.web.tus.shielded import finish


async def append_piece(request: ApiRequest, upload_id: str) -> HttpResponse:
    """204 with the new offset; of a body that ends early, what came is kept."""
    check_content_type(request)
    offset, length, checksum = read_offset(request), read_length(request), read_checksum(request)
    if length is not None:
        check_file_size(length)
    upload = await find_upload(request, upload_id)
    if upload.kind == ResumableUpload.Kind.FINAL:
        with telling_job(upload):
            raise FinalUpload
    body = request.body_stream
    if not upload.is_open:
        return _answer_complete(upload, offset, length, body)
    await watch.check_room()
    return await finish(_append(upload, offset, length, body, checksum))


async def _append(
    upload: ResumableUpload,
    offset: int,
    length: int | None,
    body: RequestBody,
    checksum: Checksum | None,
) -> HttpResponse:
    with upload_seat():
        async with await hold(upload.pk) as held:
            if not held.upload.is_open:
                return _answer_complete(held.upload, offset, length, body)
            resumed = await held.resume()
            _check_offset(offset, resumed.offset)
            if length is not None:
                await _set_length(held, length, offset, body.length or 0)
            offset = await receive_piece(held, resumed, body, checksum)
            job_id = await finish_if_whole(held, offset, resumed.digest)
    return answer_progress(204, held.upload, offset, job_id)


def _answer_complete(
    upload: ResumableUpload, offset: int, length: int | None, body: RequestBody
) -> HttpResponse:
    """To whoever did not hear that all of it was here."""
    with telling_job(upload):
        _check_offset(offset, upload.offset)
        if length not in {None, upload.length}:
            raise InvalidUploadLength
        check_room(upload.length, offset + (body.length or 0))
    return answer_progress(204, upload, offset, upload.job_id)


def _check_offset(offset: int, true_offset: int) -> None:
    if offset != true_offset:
        raise OffsetMismatch(f"The upload goes on at {true_offset}, not at {offset}.")


async def _set_length(held: HeldUpload, length: int, offset: int, body_bytes: int) -> None:
    if length < offset:
        raise InvalidUploadLength(f"The upload has {offset} bytes already, more than {length}.")
    check_room(length, offset + body_bytes)
    # What was deferred was promised nothing yet.
    more_bytes = length - offset if held.upload.length is None else 0
    async with promise_piece(offset, more_bytes, count_kept_bytes) if more_bytes else nullcontext():
        if not await in_database(set_length, held.upload.pk, held.holder, length):
            raise UploadLocked
        kept.add(more_bytes, promised_bytes=more_bytes)
    held.upload.length = length
