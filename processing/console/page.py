"""GET /: the page that uploads files and shows what becomes of them."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware, get_token
from django.template.loader import render_to_string

from processing.processors.registry import known_processors

#: What the API takes for a file when nobody says.
DEFAULT_PROCESSOR = "upper"
#: Everything from here, nothing inline, and no page around it.
POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


async def show_console(request: HttpRequest) -> HttpResponse:
    """200 with the page. It holds no secret; its scripts use the session, or anonymous access.

    There is no field for a token: who has one alone does not get here, an EventSource could not
    send it, and what a page does not have no script can take.
    """
    context = {
        "processors": [each.name for each in known_processors() if each.accepts == "file"],
        "default_processor": DEFAULT_PROCESSOR,
        "most_bytes": settings.UPLOAD_MAX_BYTES,
        "csrf_cookie": settings.CSRF_COOKIE_NAME,
        "login_url": settings.LOGIN_URL,
    }
    response = HttpResponse(render_to_string("console/page.html", context))
    response["Content-Security-Policy"] = POLICY
    response["Referrer-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-cache"
    if settings.SESSION_COOKIE_NAME in request.COOKIES:
        _renew_csrf_cookie(request, response)
    return response


def _renew_csrf_cookie(request: HttpRequest, response: HttpResponse) -> None:
    """What Django's middleware does for a page with a form; this path does not go through it."""
    middleware = CsrfViewMiddleware(lambda _: response)
    middleware.process_request(request)
    get_token(request)
    middleware.process_response(request, response)
