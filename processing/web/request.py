"""The API's request: Django's, without its ways of reading the body."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from django.core.handlers.asgi import ASGIRequest
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict

from processing.errors import BadRequest
from processing.web.access_log import AccessLine
from processing.web.body import Receive, RequestBody


@dataclass(frozen=True, kw_only=True)
class Caller:
    """Who asks: `name` scopes keys and jobs, `operates` allows everybody's jobs and tracebacks."""

    name: str
    operates: bool


ANONYMOUS = Caller(name="", operates=False)


def malformed(error: ValueError) -> BadRequest:
    """What Django's request raises for a query or a Content-Type in no character set, as a 400."""
    return BadRequest(f"The request line or a header is malformed: {error}")


class ApiRequest(ASGIRequest):
    """A request whose body is in `body_stream` alone. Raises ValueError; see `malformed`.

    What enters `held` is released when the answer has been sent.
    """

    def __init__(self, scope: Mapping[str, Any], receive: Receive) -> None:
        super().__init__(scope, io.BytesIO())
        self._post = QueryDict()
        self._files: MultiValueDict[str, Any] = MultiValueDict()
        self.body_stream = RequestBody(receive, scope["headers"])
        self.line: AccessLine = scope["access_line"]
        self.caller = ANONYMOUS
        self.held = AsyncExitStack()
