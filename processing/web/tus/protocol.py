"""tus around its views: the version in every answer, and the method that is meant."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.http.response import HttpResponseBase

from processing.errors import UnsupportedVersion
from processing.web.endpoint import View, endpoint
from processing.web.middleware import Respond
from processing.web.request import ApiRequest

VERSION = "1.0.0"
EXTENSIONS = (
    "creation",
    "creation-with-upload",
    "creation-defer-length",
    "expiration",
    "checksum",
    "termination",
    "concatenation",
)
UPLOADS_PATH = "/uploads/"
#: Names the method that is meant, in request.META.
METHOD_OVERRIDE = "HTTP_X_HTTP_METHOD_OVERRIDE"


def speak_tus(respond: Respond) -> Respond:
    """Middleware: under /uploads, X-HTTP-Method-Override is the method, for those around it too,
    and every answer says Tus-Resumable."""

    async def respond_in_tus(request: ApiRequest) -> HttpResponseBase:
        if not f"{request.path_info}/".startswith(UPLOADS_PATH):
            return await respond(request)
        if override := request.META.get(METHOD_OVERRIDE):
            request.method = request.META["REQUEST_METHOD"] = override.upper()
        response = await respond(request)
        response["Tus-Resumable"] = VERSION
        return response

    return respond_in_tus


def tus_endpoint(*methods: str) -> Callable[[View], View]:
    """Mark a view with its methods; a request of another version of tus is 412 before it."""

    def mark(view: View) -> View:
        @wraps(view)
        async def respond(request: ApiRequest, **arguments: str) -> HttpResponseBase:
            if request.method != "OPTIONS" and request.META.get("HTTP_TUS_RESUMABLE") != VERSION:
                raise UnsupportedVersion(headers={"Tus-Version": VERSION})
            return await view(request, **arguments)

        return endpoint(*methods)(respond)

    return mark
