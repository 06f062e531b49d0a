"""POST /upload_file: stream a file into the store and queue a processor to read it."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from functools import partial
from uuid import UUID

from django.http import HttpResponse

from processing.models import Upload
from processing.queue.kept import kept
from processing.queue.submit import submit_upload
from processing.uploads.admission import check_length, upload_seat
from processing.uploads.handler import SpooledFile
from processing.uploads.keeping import keep_spooled
from processing.uploads.multipart import receive_upload
from processing.uploads.store_threads import remove_on_store_thread
from processing.web.answers import answer_accepted
from processing.web.database import in_database
from processing.web.endpoint import endpoint
from processing.web.memory_watch import watch
from processing.web.request import ApiRequest
from processing.web.submission import (
    check_queue_room,
    count_kept_bytes,
    find_processor,
    read_options,
)


@endpoint("POST")
async def upload_file(request: ApiRequest) -> HttpResponse:
    """202 with job and upload; what can be refused is refused before the body is read."""
    processor = find_processor(request, default="upper", accepts="file")
    options = read_options(request)
    stream = request.body_stream
    check_length(stream.length)
    await watch.check_room()
    await check_queue_room(stream.length or 0)
    with upload_seat():
        content_type = request.META.get("CONTENT_TYPE", "")
        spooled = await receive_upload(
            stream.chunks(), content_type, stream.length, count_elsewhere=count_kept_bytes
        )
        # All of it is here: from now on it is accepted, whether or not the client waits.
        submit = partial(submit_upload, processor, caller=request.caller.name, options=options)
        upload, job_id = await asyncio.shield(_accept(spooled, submit))
    return answer_accepted(
        "File processing initiated",
        job_id,
        upload_id=str(upload.id),
        bytes=upload.size_bytes,
        sha256=upload.sha256,
    )


async def _accept(spooled: SpooledFile, submit: Callable[[Upload], UUID]) -> tuple[Upload, UUID]:
    upload = Upload(
        id=uuid.uuid4(),
        filename=spooled.name or "",
        media_type=spooled.content_type or "",
        size_bytes=spooled.size or 0,
        sha256=spooled.sha256,
    )
    upload.stored_name = await keep_spooled(spooled)
    try:
        job_id = await in_database(submit, upload)
    except Exception:  # a call that is cancelled may have begun, and its job then reads the file
        await remove_on_store_thread(upload.stored_name)
        raise
    kept.add(upload.size_bytes)
    return upload, job_id
