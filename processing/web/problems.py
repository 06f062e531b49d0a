"""Every error as a problem document (RFC 9457)."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
from http import HTTPStatus

from django.core.exceptions import SuspiciousOperation
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpResponse
from django.http.response import HttpResponseBase

from processing.errors import (
    BadRequest,
    DatabaseUnavailable,
    InternalError,
    NotFound,
    PlimsollError,
)
from processing.web.access_log import Send
from processing.web.body import ClientGone
from processing.web.middleware import Respond
from processing.web.request import ApiRequest

logger = logging.getLogger(__name__)

#: What tus has beside HTTP's own.
TUS_STATUS = {460: "Checksum Mismatch"}


def describe(error: PlimsollError) -> HttpResponse:
    """The answer that tells of `error`."""
    response = HttpResponse(
        make_document(error.status, error.detail, error.code),
        status=error.status,
        content_type="application/problem+json",
    )
    for name, value in error.headers.items():
        response[name] = value
    return response


def make_document(status: int, detail: str, code: str) -> bytes:
    """The problem document, as JSON."""
    document = {
        "type": "about:blank",
        "title": _name_status(status),
        "status": status,
        "detail": detail,
        "code": code,
    }
    return json.dumps(document).encode()


def _name_status(status: int) -> str:
    return TUS_STATUS.get(status) or HTTPStatus(status).phrase


async def send_problem(error: PlimsollError, send: Send) -> None:
    """Answer with `error` where there is no handler of Django's to do it."""
    problem = describe(error)
    headers = [(name.lower().encode(), value.encode("latin-1")) for name, value in problem.items()]
    await send({"type": "http.response.start", "status": problem.status_code, "headers": headers})
    await send({"type": "http.response.body", "body": problem.content})


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
        except Exception as error:
            return describe(_log(error, request))

    return respond_or_describe


def _log(error: Exception, request: ApiRequest) -> PlimsollError:
    """Log what is not the client's fault, once, and return what it is to be told."""
    request_id = request.line.request_id
    if _is_database_away(error):
        # The first line alone: what a server adds may quote rows.
        reason = str(error).partition("\n")[0]
        logger.error("request %s: the database is away: %s", request_id, reason)
        return DatabaseUnavailable()
    logger.exception("request %s failed: %r", request_id, request.path)
    return InternalError(f"The log has the reason under {request_id}.")


def _is_database_away(error: Exception) -> bool:
    """Whether the database, and not the statement, is what failed."""
    # SQLite's OperationalError is also for what waiting does not mend, such as a missing table.
    code = getattr(error.__cause__, "sqlite_errorcode", None)
    return isinstance(error, OperationalError | InterfaceError) and code != sqlite3.SQLITE_ERROR
