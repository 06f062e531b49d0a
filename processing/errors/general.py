"""The errors of requests and jobs of any kind."""

from __future__ import annotations

import inspect
from typing import ClassVar


class PlimsollError(Exception):
    """Something went wrong."""

    code: ClassVar[str]
    status: ClassVar[int]

    def __init__(self, detail: str | None = None, *, headers: dict[str, str] | None = None) -> None:
        self.detail = detail or inspect.cleandoc(type(self).__doc__ or "")
        self.headers = headers or {}
        super().__init__(self.detail)


class BadRequest(PlimsollError):
    """The request could not be understood."""

    code = "bad_request"
    status = 400


class InvalidHost(BadRequest):
    """The Host header names a host that is not in ALLOWED_HOSTS."""

    code = "invalid_host"


class InvalidJSON(BadRequest):
    """The body is not valid JSON."""

    code = "invalid_json"


class UnknownProcessor(BadRequest):
    """There is no processor of that name."""

    code = "unknown_processor"


class InvalidParameter(BadRequest):
    """A parameter of the query has a value that makes no sense."""

    code = "invalid_parameter"


class InvalidURL(BadRequest):
    """A url is not an absolute http or https URL without user information."""

    code = "invalid_url"


class TooManyURLs(BadRequest):
    """More urls than one request may ask for."""

    code = "too_many_urls"


class Unauthorized(PlimsollError):
    """Send a token of API_TOKENS as 'Authorization: Bearer TOKEN', or sign in as staff."""

    code = "unauthorized"
    status = 401

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"WWW-Authenticate": "Bearer"})


class CrossOrigin(PlimsollError):
    """A page of another site may not use this service without a token."""

    code = "cross_origin"
    status = 403


class NotFound(PlimsollError):
    """There is nothing at this path."""

    code = "not_found"
    status = 404


class NoSuchJob(NotFound):
    """There is no such job, or it is not yours."""

    code = "no_such_job"


class MethodNotAllowed(PlimsollError):
    """This path does not take that method."""

    code = "method_not_allowed"
    status = 405


class BodyStalled(PlimsollError):
    """The body stopped arriving."""

    code = "body_stalled"
    status = 408


class IllegalState(PlimsollError):
    """The job is in a state that does not allow this."""

    code = "illegal_state"
    status = 409


class ResultExpired(PlimsollError):
    """The result was kept for RESULT_EXPIRES_SECONDS and is gone."""

    code = "result_expired"
    status = 410


class BodyTooLarge(PlimsollError):
    """The body is larger than this path takes."""

    code = "body_too_large"
    status = 413


class UnsupportedMediaType(PlimsollError):
    """This path does not take that Content-Type."""

    code = "unsupported_media_type"
    status = 415


class RangeNotSatisfiable(PlimsollError):
    """The requested range lies outside the result."""

    code = "range_not_satisfiable"
    status = 416


class IdempotencyMismatch(PlimsollError):
    """This Idempotency-Key was used before with another body, processor or option."""

    code = "idempotency_mismatch"
    status = 422


class InternalError(PlimsollError):
    """Something failed on our side; the log has the reason under the request id."""

    code = "internal_error"
    status = 500


class Overloaded(PlimsollError):
    """There is no room for this now."""

    status = 503
    retry_after_seconds: ClassVar[int] = 5

    def __init__(self, detail: str | None = None) -> None:
        super().__init__(detail, headers={"Retry-After": str(self.retry_after_seconds)})


class QueueFull(Overloaded):
    """The queue holds as many jobs or bytes as it may; try again later."""

    code = "queue_full"
    retry_after_seconds = 10


class MemoryPressure(Overloaded):
    """There is no memory left for this request now; try again later."""

    code = "memory_pressure"


class DatabaseUnavailable(Overloaded):
    """The database does not answer now; try again later."""

    code = "database_unavailable"


class EventsBusy(Overloaded):
    """As many event streams are open as may be open at once; try again later."""

    code = "events_busy"


class TaskTooLarge(ValueError):
    """A task with its arguments takes more bytes than the queue carries; no request makes one."""
