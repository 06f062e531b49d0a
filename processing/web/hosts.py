"""Which host the client asked for, and whether over HTTPS."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.http import HttpRequest
from django.http.response import HttpResponseBase, HttpResponsePermanentRedirect

from processing.errors import InvalidHost
from processing.web.middleware import Respond
from processing.web.request import ApiRequest

#: The platform asks these by address and without TLS.
PROBES = frozenset({"/healthz", "/readyz"})


def check_host(respond: Respond) -> Respond:
    """Middleware: refuse hosts outside ALLOWED_HOSTS, redirect to HTTPS; probes pass."""

    async def respond_to_host(request: ApiRequest) -> HttpResponseBase:
        if request.path in PROBES:
            return await respond(request)
        host = require_host(request)
        if settings.SECURE_SSL_REDIRECT and not request.is_secure():
            target = f"https://{host}{request.get_full_path()}"
            return HttpResponsePermanentRedirect(target, preserve_request=True)
        return await respond(request)

    return respond_to_host


def require_host(request: HttpRequest) -> str:
    """The host that the client asked for. Raises InvalidHost when ALLOWED_HOSTS lacks it."""
    try:
        return request.get_host()
    except DisallowedHost as error:
        name = request.META.get("HTTP_HOST", "")[:100]
        raise InvalidHost(f"The host {name!r} is not in ALLOWED_HOSTS.") from error
