"""Every error as a problem document (RFC 9457)."""

from __future__ import annotations

import asyncio
import json
import logging
from http import HTTPStatus

from django.core.exceptions import SuspiciousOperation
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase

from processing.errors import BadRequest, InternalError, NotFound, PlimsollError
from processing.web.body import ClientGone
from processing.web.middleware import Respond
from processing.web.request import ApiRequest

logger = logging.getLogger(__name__)


def describe(error: PlimsollError) -> HttpResponse:
    """The answer that tells of `error`."""
    document = {
        "type": "about:blank",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
    }
    response = HttpResponse(
        json.dumps(document), status=error.status, content_type="application/problem+json"
    )
    for name, value in error.headers.items():
        response[name] = value
    return response


def answer_problems(respond: Respond) -> Respond:
    """Middleware: turn what the rest raises into a problem document, logging what is our fault."""

    async def respond_or_describe(request: ApiRequest) -> HttpResponseBase:
        try:
            return await respond(request)
        except PlimsollError as error:
            return describe(error)
        except Http404:
            return describe(NotFound())
        except SuspiciousOperation as error:
            return describe(BadRequest(str(error)))
        except (ClientGone, asyncio.CancelledError):
            raise
        except Exception:
            logger.exception("request %s failed: %r", request.line.request_id, request.path)
            return describe(
                InternalError(f"The log has the reason under {request.line.request_id}.")
            )

    return respond_or_describe
