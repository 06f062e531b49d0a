"""The API's handler: Django's ASGI handler that reads no body and starts no thread."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus
from typing import Any

from django.core.handlers.asgi import ASGIHandler, get_script_prefix
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import ResolverMatch, set_script_prefix

from processing.web.access import check_access
from processing.web.access_log import Send
from processing.web.body import ClientGone, Receive, RequestBody
from processing.web.endpoint import check_endpoint
from processing.web.hosts import check_host
from processing.web.middleware import Middleware, Respond
from processing.web.problems import answer_problems, describe
from processing.web.request import ApiRequest, malformed
from processing.web.tus.protocol import METHOD_OVERRIDE, speak_tus

#: From the outside in. Nothing here reads the body.
MIDDLEWARE: tuple[Middleware, ...] = (speak_tus, answer_problems, check_host, check_access)

#: Methods whose requests may have a body that no view reads.
BODILESS = ("GET", "HEAD")


class ApiHandler(ASGIHandler):
    """Serves the API's paths.

    A request that the middleware refuses is answered before its body is read. When the client
    leaves, the view is cancelled. Django's request signals are not sent: their receivers exist to
    close a connection that this process keeps.
    """

    def load_middleware(self, is_async: bool = False) -> None:
        """Build the chain of async functions around Django's view resolution."""
        respond: Respond = self._get_response_async
        for middleware in reversed(MIDDLEWARE):
            respond = middleware(respond)
        self._middleware_chain = respond

    async def _get_response_async(self, request: HttpRequest) -> HttpResponseBase:
        """What is inside of the middleware: the view alone, for it is async.

        Django's has a thread ask middleware that we do not have about whatever a view raises. The
        thread's frames are in the error's traceback and hold the error: a cycle with all that the
        request had, which stays until the garbage collector has looked at everything there is.
        """
        view, args, kwargs = self.resolve_request(request)
        response: HttpResponseBase = await view(request, *args, **kwargs)
        self.check_response(response, view)
        return response

    def resolve_request(self, request: HttpRequest) -> ResolverMatch:
        """Find the view and check what it says of its requests. Raises PlimsollError."""
        match: ResolverMatch = super().resolve_request(request)
        check_endpoint(match[0], request)
        return match

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Serve one request."""
        set_script_prefix(get_script_prefix(scope))
        try:
            request = ApiRequest(scope, receive)
        except ValueError as error:
            await self.send_response(describe(malformed(error)), send)
            await RequestBody(receive, scope["headers"]).linger()
            return
        await self._serve(request, send)

    async def _serve(self, request: ApiRequest, send: Send) -> None:
        responding = asyncio.create_task(self._respond(request, send))
        is_wanted = request.method not in BODILESS or METHOD_OVERRIDE in request.META
        leaving = asyncio.create_task(request.body_stream.wait_for_departure(is_wanted=is_wanted))
        try:
            await asyncio.wait({responding, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (leaving, responding):
                task.cancel()
            await asyncio.wait({responding, leaving})
        if not responding.cancelled() and (error := responding.exception()):
            raise error
        if not request.body_stream.finished:
            await request.body_stream.linger()

    async def _respond(self, request: ApiRequest, send: Send) -> None:
        async with request.held:
            try:
                response: HttpResponseBase = await self._middleware_chain(request)
            except ClientGone:
                return
            response["X-Content-Type-Options"] = "nosniff"
            if not request.body_stream.finished:
                response["Connection"] = "close"
            if (
                isinstance(response, HttpResponse)
                and response.status_code != HTTPStatus.NOT_MODIFIED
            ):
                response["Content-Length"] = str(len(response.content))
            if request.scope["method"] == "HEAD":  # what another method is meant by has a body
                _drop_body(response)
            await self.send_response(response, send)


def _drop_body(response: HttpResponseBase) -> None:
    if isinstance(response, StreamingHttpResponse):
        response.streaming_content = _stream_nothing()
    elif isinstance(response, HttpResponse):
        response.content = b""


async def _stream_nothing() -> AsyncIterator[bytes]:
    no_chunks: tuple[bytes, ...] = ()
    for chunk in no_chunks:
        yield chunk
