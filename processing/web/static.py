"""Static files: whitenoise knows them, the disk thread reads them."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from whitenoise.base import WhiteNoise
from whitenoise.responders import StaticFile

from processing.errors import MethodNotAllowed, NotFound, PlimsollError
from processing.uploads.disk import CHUNK_BYTES, on_disk_thread
from processing.web.access_log import Send
from processing.web.body import Receive, RequestBody
from processing.web.hosts import require_host
from processing.web.problems import send_problem
from processing.web.request import malformed

METHODS = ("GET", "HEAD")


class StaticFiles:
    """Serves what `manage.py collectstatic` put into STATIC_ROOT, as found at the start."""

    def __init__(self) -> None:
        root = settings.STATIC_ROOT if Path(settings.STATIC_ROOT).is_dir() else None
        self._files = WhiteNoise(None, root=root, prefix=settings.STATIC_URL).files

    async def __call__(self, scope: Mapping[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request for a static file."""
        try:
            static_file = self._find(scope)
        except PlimsollError as error:
            await send_problem(error, send)
            await RequestBody(receive, scope["headers"]).linger()
            return
        headers = _as_environ(scope["headers"])
        answer = await on_disk_thread(static_file.get_response, scope["method"], headers)
        try:
            await _start(send, answer.status, answer.headers)
            await _send_file(send, answer.file)
        finally:
            if answer.file is not None:
                answer.file.close()

    def _find(self, scope: Mapping[str, Any]) -> StaticFile:
        try:
            require_host(ASGIRequest(scope, io.BytesIO()))
        except ValueError as error:
            raise malformed(error) from error
        if scope["method"] not in METHODS:
            raise MethodNotAllowed(headers={"Allow": ", ".join(METHODS)})
        static_file: StaticFile | None = self._files.get(scope["path"])
        if static_file is None:
            raise NotFound
        return static_file


async def _start(send: Send, status: int, headers: list[tuple[str, str]]) -> None:
    encoded = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": int(status), "headers": encoded})


async def _send_file(send: Send, file: BinaryIO | None) -> None:
    while file is not None and (chunk := await on_disk_thread(file.read, CHUNK_BYTES)):
        await send({"type": "http.response.body", "body": chunk, "more_body": True})
    await send({"type": "http.response.body"})


def _as_environ(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {
        "HTTP_" + name.decode("latin-1").upper().replace("-", "_"): value.decode("latin-1")
        for name, value in headers
    }
