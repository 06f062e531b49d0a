"""Who may use the API: a token, a staff session, or anybody where that is allowed."""

from __future__ import annotations

import hashlib
import hmac
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.middleware.csrf import CsrfViewMiddleware

from processing.errors import CrossOrigin, Unauthorized
from processing.web.database import in_database
from processing.web.hosts import PROBES
from processing.web.middleware import Respond
from processing.web.request import ANONYMOUS, ApiRequest, Caller

#: The one path for people: who is not known there is led to the login, and who comes from a link
#: on another site is welcome, for the page shows nobody's data and cannot be framed.
CONSOLE_PATH = "/"
#: A token that ends in this may see and operate the jobs of all callers.
OPERATOR_SUFFIX = ":operate"


def check_access(respond: Respond) -> Respond:
    """Middleware: set `request.caller`, or refuse with 401 or 403 before the body is read."""

    async def respond_to_caller(request: ApiRequest) -> HttpResponseBase:
        if request.path not in PROBES:
            try:
                request.caller = await _identify(request)
            except Unauthorized:
                if not _is_browser_at_console(request):
                    raise
                return HttpResponseRedirect(f"{settings.LOGIN_URL}?next={CONSOLE_PATH}")
            request.line.caller = request.caller.name or "anonymous"
        return await respond(request)

    return respond_to_caller


async def _identify(request: ApiRequest) -> Caller:
    authorization = request.META.get("HTTP_AUTHORIZATION", "")
    if authorization:
        return _read_token(authorization)
    if not _is_browser_at_console(request):
        _refuse_other_sites(request)
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        staff = await in_database(_find_staff, request)
        if staff is not None:
            return staff
    if settings.API_ALLOW_ANONYMOUS:
        return ANONYMOUS
    raise Unauthorized


def _is_browser_at_console(request: ApiRequest) -> bool:
    is_reading = request.method in ("GET", "HEAD")
    return request.path == CONSOLE_PATH and is_reading and "HTTP_AUTHORIZATION" not in request.META


def _read_token(authorization: str) -> Caller:
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() == "bearer" and token.strip():
        sent = _digest(token.strip())
        for entry in settings.API_TOKENS:
            if hmac.compare_digest(sent, _digest(entry.removesuffix(OPERATOR_SUFFIX))):
                name = f"token:{sent.hex()[:16]}"
                return Caller(name=name, operates=entry.endswith(OPERATOR_SUFFIX))
    raise Unauthorized("That token is not one of API_TOKENS.")


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _refuse_other_sites(request: ApiRequest) -> None:
    if request.META.get("HTTP_SEC_FETCH_SITE", "") == "cross-site":
        raise CrossOrigin
    origin = request.META.get("HTTP_ORIGIN")
    if origin is not None and _read_host(origin) != request.get_host():
        raise CrossOrigin(f"A page of {origin[:100]!r} may not use this service without a token.")


def _read_host(origin: str) -> str:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # such as http://[
        return ""


def _find_staff(request: ApiRequest) -> Caller | None:
    """The signed-in staff user. Raises CrossOrigin when a change comes without a CSRF token."""
    key = request.COOKIES[settings.SESSION_COOKIE_NAME]
    if "\0" in key:  # Django unquotes cookies, and PostgreSQL has no such text
        return None
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    user: Any = get_user(request)
    if not (user.is_active and user.is_staff):
        return None
    _check_csrf(request)
    return Caller(name=f"user:{user.pk}", operates=True)


def _check_csrf(request: ApiRequest) -> None:
    check = CsrfViewMiddleware(_unused_view)
    check.process_request(request)
    if check.process_view(request, _unused_view, (), {}) is not None:
        raise CrossOrigin("Send the CSRF token of your session in the header X-CSRFToken.")


def _unused_view(request: HttpRequest) -> HttpResponse:
    return HttpResponse()
