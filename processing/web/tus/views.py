"""The two paths of resumable uploads, and what each method does there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from django.conf import settings
from django.http import HttpResponse

from processing.web.request import ApiRequest
from processing.web.tus.answers import answer_empty
from processing.web.tus.checksum import ALGORITHMS
from processing.web.tus.creation import create_upload
from processing.web.tus.offset import show_offset
from processing.web.tus.piece import append_piece
from processing.web.tus.protocol import EXTENSIONS, VERSION, tus_endpoint
from processing.web.tus.termination import end_upload

ACTIONS: dict[str, Callable[[ApiRequest, str], Awaitable[HttpResponse]]] = {
    "HEAD": show_offset,
    "PATCH": append_piece,
    "DELETE": end_upload,
}


@tus_endpoint("OPTIONS", "POST")
async def uploads(request: ApiRequest) -> HttpResponse:
    """What this service can do, or a new upload."""
    if request.method == "OPTIONS":
        return tell_abilities()
    return await create_upload(request)


@tus_endpoint("OPTIONS", *ACTIONS)
async def upload(request: ApiRequest, upload_id: str) -> HttpResponse:
    """One upload: where it goes on, more of it, its end."""
    if request.method == "OPTIONS":
        return tell_abilities()
    return await ACTIONS[request.method or ""](request, upload_id)


def tell_abilities() -> HttpResponse:
    """204 with the version, the extensions and the largest upload."""
    response = answer_empty(204)
    response["Tus-Version"] = VERSION
    response["Tus-Extension"] = ",".join(EXTENSIONS)
    response["Tus-Max-Size"] = str(settings.UPLOAD_MAX_BYTES)
    response["Tus-Checksum-Algorithm"] = ",".join(ALGORITHMS)
    return response
