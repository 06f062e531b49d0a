"""DELETE /uploads/<id>: end an upload, and the request that works on it."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse

from processing.queue.resumable import terminate
from processing.uploads.store_threads import remove_on_store_thread
from processing.web.database import in_database
from processing.web.request import ApiRequest
from processing.web.tus.answers import answer_empty, locate_job
from processing.web.tus.hold import hold
from processing.web.tus.lookup import find_upload
from processing.web.tus.shielded import finish


async def end_upload(request: ApiRequest, upload_id: str) -> HttpResponse:
    """204; an unfinished one is removed with its bytes, those of a job stay with the job."""
    upload = await find_upload(request, upload_id)
    job_id = await finish(_end(upload.pk))
    response = answer_empty(204)
    if job_id is not None:
        response["Job-Location"] = locate_job(job_id)
    return response


async def _end(upload_id: UUID) -> UUID | None:
    """The job of an upload that is complete."""
    async with await hold(upload_id) as held:
        name = await in_database(terminate, held.upload, held.holder)
        held.is_settled = True
        if name is not None:
            await remove_on_store_thread(name)
        return held.upload.job_id
