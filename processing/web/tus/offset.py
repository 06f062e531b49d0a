"""HEAD /uploads/<id>: how far an upload is."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from django.utils.http import http_date

from processing.models import ResumableUpload
from processing.queue.resumable import content
from processing.uploads.store_threads import on_store_thread
from processing.web.request import ApiRequest
from processing.web.tus.answers import answer_empty, locate_job
from processing.web.tus.completion import finish_if_whole
from processing.web.tus.hold import gone_with_its_bytes, hold
from processing.web.tus.lookup import find_upload
from processing.web.tus.shielded import finish


async def show_offset(request: ApiRequest, upload_id: str) -> HttpResponse:
    """200 with the offset, which is what the store has. A request that brings bytes is ended: its
    client would not ask if it did not believe that it is gone."""
    upload = await find_upload(request, upload_id)
    offset, job_id = upload.offset, upload.job_id
    if upload.is_open:
        upload, offset, job_id = await finish(_look(upload.pk))
    response = answer_empty(200)
    response["Upload-Offset"] = str(offset)
    if upload.length is None:
        response["Upload-Defer-Length"] = "1"
    else:
        response["Upload-Length"] = str(upload.length)
    if upload.metadata:
        response["Upload-Metadata"] = upload.metadata
    if upload.concatenation:
        response["Upload-Concat"] = upload.concatenation
    if job_id is not None:
        response["Job-Location"] = locate_job(job_id)
    elif upload.is_open and upload.expires_at is not None:
        response["Upload-Expires"] = http_date(upload.expires_at.timestamp())
    return response


async def _look(upload_id: UUID) -> tuple[ResumableUpload, int, UUID | None]:
    """The upload as it is while it is held, its offset, and the job of one that has all its bytes:
    whoever was to make it may be dead."""
    async with await hold(upload_id) as held:
        upload = held.upload
        if not upload.is_open:
            return upload, upload.offset, upload.job_id
        with gone_with_its_bytes():
            offset = await on_store_thread(content.measure, upload)
        if offset != upload.length and offset >= upload.offset:
            return (
                upload,
                offset,
                None,
            )  # otherwise the row says more than is true, and has to be put right
        resumed = await held.resume()
        return upload, offset, await finish_if_whole(held, offset, resumed.digest)
