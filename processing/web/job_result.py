"""GET /jobs/<id>/result: what the processor wrote, or the JSON that it returned."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator
from dataclasses import dataclass

from django.http import HttpResponseNotModified, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header

from processing.errors import NotFound, ResultExpired
from processing.models import Job
from processing.uploads.store import stored_size
from processing.uploads.store_threads import on_store_thread
from processing.uploads.stream import stream_stored
from processing.web.answers import answer_stream, client_has
from processing.web.byte_range import ByteRange, read_range
from processing.web.endpoint import endpoint
from processing.web.job_lookup import find_job
from processing.web.request import ApiRequest

#: What a result's name ends with, by its media type, where that says how to open it.
SUFFIXES = {"application/gzip": ".gz"}


@dataclass(frozen=True, kw_only=True)
class Result:
    """Bytes that can be streamed from anywhere: a stored file by name, or a short text."""

    stored_name: str
    text: bytes
    size_bytes: int
    sha256: str

    def stream(self, start: int, length: int) -> AsyncGenerator[bytes, None]:
        """`length` bytes from `start` on."""
        if self.stored_name:
            return stream_stored(self.stored_name, start, length)
        return _stream_text(self.text[start : start + length])


@endpoint("GET")
async def show_result(request: ApiRequest, job_id: str) -> HttpResponseBase:
    """200 or 206 with the bytes, 304 when the client has them."""
    job = await find_job(request, job_id)
    result = _find_result(job)
    await _require_stored(result)
    etag = f'"{result.sha256}"'
    if client_has(request, etag):
        response: HttpResponseBase = HttpResponseNotModified()
    else:
        response = _stream(request, result, etag, job.result_media_type)
        response["Content-Disposition"] = content_disposition_header(True, _filename(job)) or ""
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response


def _find_result(job: Job) -> Result:
    if job.result_expired:
        raise ResultExpired
    if job.state != Job.State.SUCCEEDED:
        raise NotFound(f"The job is {job.state}; it has no result.")
    if job.result_name:
        return Result(
            stored_name=job.result_name,
            text=b"",
            size_bytes=job.result_bytes or 0,
            sha256=job.result_sha256,
        )
    if job.result is None:
        raise NotFound("The job left no result that can be shown.")
    text = job.result.encode()
    digest = hashlib.sha256(text).hexdigest()
    return Result(stored_name="", text=text, size_bytes=len(text), sha256=digest)


async def _require_stored(result: Result) -> None:
    """A disk that did not outlive its machine must not break an answer that has begun."""
    try:
        if result.stored_name:
            await on_store_thread(stored_size, result.stored_name)
    except FileNotFoundError as error:
        raise ResultExpired("The result is no longer in the store.") from error


def _stream(
    request: ApiRequest, result: Result, etag: str, media_type: str
) -> StreamingHttpResponse:
    part = _read_part(request, result, etag)
    start, length = (part.start, part.length) if part else (0, result.size_bytes)
    sent = result.stream(start, length)
    response = answer_stream(request, sent, media_type, status=206 if part else 200)
    response["Content-Length"] = str(length)
    response["Accept-Ranges"] = "bytes"
    if part:
        response["Content-Range"] = part.content_range
    return response


def _read_part(request: ApiRequest, result: Result, etag: str) -> ByteRange | None:
    # RFC 9110 section 14.2: Range is for GET alone.
    if request.method != "GET" or request.META.get("HTTP_IF_RANGE", etag) != etag:
        return None
    return read_range(request.META.get("HTTP_RANGE", ""), result.size_bytes)


async def _stream_text(text: bytes) -> AsyncGenerator[bytes, None]:
    yield text


def _filename(job: Job) -> str:
    if not job.result_name or job.upload is None:
        return f"{job.id}.json" if job.result_media_type == "application/json" else str(job.id)
    suffix = SUFFIXES.get(job.result_media_type, "")
    return f"{job.processor}-{job.upload.filename}{suffix}"
