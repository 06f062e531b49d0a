"""What a middleware of the API is: a function that wraps the rest of the way."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from django.http.response import HttpResponseBase

from processing.web.request import ApiRequest

Respond = Callable[[ApiRequest], Awaitable[HttpResponseBase]]
Middleware = Callable[[Respond], Respond]
