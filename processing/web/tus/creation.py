"""POST /uploads/: make an upload, with its first bytes where the body has any."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.http import HttpResponse

from processing.errors import FinalUpload, InvalidHeader, PlimsollError
from processing.models import ResumableUpload
from processing.queue.kept import kept
from processing.queue.resumable import (
    concatenate,
    content,
    create,
    load_parts,
    make_holder,
    terminate,
)
from processing.uploads.admission import check_file_size, upload_seat
from processing.uploads.space import promise_piece
from processing.uploads.store import get_store
from processing.uploads.store_threads import on_store_thread
from processing.web.body import RequestBody
from processing.web.database import in_database
from processing.web.memory_watch import watch
from processing.web.request import ApiRequest
from processing.web.submission import (
    check_upload_room,
    choose_processor,
    count_kept_bytes,
)
from processing.web.tus.answers import answer_progress, locate_upload
from processing.web.tus.checksum import Checksum, read_checksum
from processing.web.tus.completion import finish_if_whole
from processing.web.tus.concatenation import NAME as CONCAT
from processing.web.tus.concatenation import read_kind, read_parts
from processing.web.tus.headers import (
    check_content_type,
    has_piece,
    read_header,
    read_length,
    read_new_length,
)
from processing.web.tus.hold import HeldUpload
from processing.web.tus.metadata import read_metadata
from processing.web.tus.reception import check_room, receive_piece
from processing.web.tus.shielded import finish

DEFAULT_PROCESSOR = "upper"


async def create_upload(request: ApiRequest) -> HttpResponse:
    """201 with the upload's Location. Whether there is room for it is decided here: what is
    created may be completed."""
    kind, metadata = read_kind(request), read_metadata(request)
    name = DEFAULT_PROCESSOR if metadata.processor is None else metadata.processor
    processor = choose_processor(name, accepts="file").name
    described = {
        "caller": request.caller.name,
        "filename": metadata.filename,
        "media_type": metadata.media_type,
        "metadata": metadata.header,
        "processor": processor,
        "concatenation": read_header(request, CONCAT) or "",
    }
    if kind == ResumableUpload.Kind.FINAL:
        return await _create_final(request, described)
    length, checksum = read_new_length(request), read_checksum(request)
    body = _find_body(request)
    if length is not None:
        check_file_size(length)
    check_room(length, body.length or 0 if body else 0)
    await watch.check_room()
    await check_upload_room(length or 0)
    return await finish(
        _create(partial(create, kind=kind, length=length, **described), length, body, checksum)
    )


def _find_body(request: ApiRequest) -> RequestBody | None:
    """The upload's first bytes, None without any. Raises UnsupportedMediaType."""
    if has_piece(request):
        return request.body_stream
    if request.body_stream.length != 0:
        check_content_type(request)
    return None


async def _create(
    create_row: Callable[..., ResumableUpload],
    length: int | None,
    body: RequestBody | None,
    checksum: Checksum | None,
) -> HttpResponse:
    with upload_seat():
        holder, taken_at = make_holder(), time.monotonic()
        async with promise_piece(0, length, count_kept_bytes):
            upload = await in_database(create_row, holder=holder)
            kept.add_unfinished(length or 0)
        async with HeldUpload(upload, holder, taken_at) as held:
            await _begin(held)
            try:
                offset, job_id = await _receive_first(held, body, checksum)
            except PlimsollError as error:
                error.headers["Location"] = locate_upload(upload)
                raise
    response = answer_progress(201, upload, offset, job_id)
    response["Location"] = locate_upload(upload)
    return response


async def _begin(held: HeldUpload) -> None:
    try:
        await on_store_thread(get_store().begin, held.upload.stored_name)
    except BaseException:
        await in_database(terminate, held.upload, held.holder)
        held.is_settled = True
        raise


async def _receive_first(
    held: HeldUpload, body: RequestBody | None, checksum: Checksum | None
) -> tuple[int, UUID | None]:
    """The offset behind the body, and the job of an upload that is complete with it."""
    if body is None and held.upload.length != 0:
        return 0, None
    resumed = await held.resume()
    offset = 0 if body is None else await receive_piece(held, resumed, body, checksum)
    return offset, await finish_if_whole(held, offset, resumed.digest)


async def _create_final(request: ApiRequest, described: dict[str, str]) -> HttpResponse:
    if read_length(request) is not None:
        raise InvalidHeader("A final upload is as long as its parts; send no Upload-Length.")
    if _find_body(request) is not None:
        raise FinalUpload
    parts, operates = read_parts(request), request.caller.operates
    await _check_parts(parts, described["caller"], operates)
    final = await in_database(concatenate, parts, operates=operates, **described)
    response = answer_progress(201, final, final.offset, final.job_id)
    response["Location"] = locate_upload(final)
    return response


async def _check_parts(part_ids: list[UUID], caller: str, operates: bool) -> None:
    """Raise UploadUnfinished for a part that says it is whole, and that the store has not."""
    for part in await in_database(load_parts, part_ids, caller=caller, operates=operates):
        if part.is_open and not part.holder and part.offset == part.length:
            await on_store_thread(content.check_whole, part)
