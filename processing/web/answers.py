"""The shapes of answers that several views give."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncGenerator, Mapping
from typing import Any
from uuid import UUID

from django.http import HttpResponse, HttpResponseNotModified, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import parse_etags

from processing.web.request import ApiRequest


def answer_json(document: Mapping[str, Any], status: int = 200) -> HttpResponse:
    """`document` as JSON, not to be cached by anyone between us and the client."""
    return answer_text(json.dumps(document), status)


def answer_text(text: str, status: int = 200) -> HttpResponse:
    """The JSON `text`, not to be cached by anyone between us and the client."""
    response = HttpResponse(text, status=status, content_type="application/json")
    response["Cache-Control"] = "no-store"
    return response


def answer_stream(
    request: ApiRequest, pieces: AsyncGenerator[Any, None], content_type: str, status: int = 200
) -> StreamingHttpResponse:
    """`pieces` as they come. They are closed when the answer was sent or given up, by us: Django
    leaves that to the garbage collector."""
    request.held.push_async_callback(pieces.aclose)
    return StreamingHttpResponse(pieces, content_type=content_type, status=status)


def answer_tagged(request: ApiRequest, text: str) -> HttpResponseBase:
    """The JSON `text` with an ETag; 304 when the client has it already."""
    response = answer_text(text)
    etag = f'"{identify(text)}"'
    if client_has(request, etag):
        response = HttpResponseNotModified()
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return response


def identify(text: str) -> str:
    """The same short name for the same text, in every process."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def client_has(request: ApiRequest, etag: str) -> bool:
    """Whether If-None-Match names `etag`, weak or strong, or anything (RFC 9110 section 13.1.2)."""
    sent = parse_etags(request.META.get("HTTP_IF_NONE_MATCH", ""))
    return "*" in sent or etag in {tag.removeprefix("W/") for tag in sent}


def answer_accepted(message: str, job_id: UUID, **further: Any) -> HttpResponse:
    """202: the work is on the queue, and this is where to ask for it."""
    path = f"/jobs/{job_id}"
    document = {"message": message, "job_id": str(job_id), "status_url": path, **further}
    response = answer_json(document, status=202)
    response["Location"] = path
    return response
