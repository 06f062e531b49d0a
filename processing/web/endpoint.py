"""What a view says of the requests it takes, checked before its body is read."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase

from processing.errors import MethodNotAllowed

View = Callable[..., Coroutine[Any, Any, HttpResponseBase]]


def endpoint(*methods: str) -> Callable[[View], View]:
    """Mark a view with its methods; GET also answers HEAD."""

    def mark(view: View) -> View:
        allowed = {*methods, *(["HEAD"] if "GET" in methods else [])}
        view.methods = frozenset(allowed)  # type: ignore[attr-defined]
        return view

    return mark


def check_endpoint(view: Any, request: HttpRequest) -> None:
    """Raise MethodNotAllowed when the view does not take the request's method."""
    if request.method not in view.methods:
        allowed = ", ".join(sorted(view.methods))
        raise MethodNotAllowed(f"This path takes {allowed}.", headers={"Allow": allowed})
