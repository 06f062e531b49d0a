"""What can go wrong with one URL, and how it is told from the exceptions of libraries."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import aiohttp

from processing.fanout.addresses import ForbiddenAddress

logger = logging.getLogger(__name__)

# Causes looked at behind one exception; aiohttp and asyncio nest two to four.
CAUSE_LIMIT_COUNT = 16


class FailureCode(StrEnum):
    """The codes that one URL's `error` can have."""

    HOST_NOT_ALLOWED = "host_not_allowed"
    FORBIDDEN_ADDRESS = "forbidden_address"
    TIMEOUT = "timeout"
    CONNECT_FAILED = "connect_failed"
    TLS_FAILED = "tls_failed"
    RESPONSE_TOO_LARGE = "response_too_large"
    TOO_MANY_REDIRECTS = "too_many_redirects"
    BAD_RESPONSE = "bad_response"


@dataclass(frozen=True, kw_only=True)
class FetchFailure:
    """Why a URL has no answer. The message is fixed text: it names no address and no internals."""

    code: FailureCode
    message: str


class FetchFailed(Exception):
    """A fetch ended for a reason that we found ourselves. It does not leave this room."""

    def __init__(self, code: FailureCode, message: str) -> None:
        self.failure = FetchFailure(code=code, message=message)
        super().__init__(message)


# The first row whose type is anywhere in the chain of causes wins: the outermost exception may say
# no more than that there was no connection.
_FAILURES: tuple[tuple[type[BaseException], FailureCode, str], ...] = (
    (
        ForbiddenAddress,
        FailureCode.FORBIDDEN_ADDRESS,
        "The host's address is not one that may be reached from here.",
    ),
    (
        ssl.SSLError,
        FailureCode.TLS_FAILED,
        "No trusted TLS connection could be made; look at the certificate and the port.",
    ),
    (TimeoutError, FailureCode.TIMEOUT, "The answer did not arrive in time."),
    (
        aiohttp.ClientConnectorDNSError,
        FailureCode.CONNECT_FAILED,
        "The host name could not be resolved.",
    ),
    (
        aiohttp.ClientConnectorError,
        FailureCode.CONNECT_FAILED,
        "The host refused the connection or cannot be reached.",
    ),
    (
        aiohttp.ClientError,
        FailureCode.BAD_RESPONSE,
        "The answer broke off or is not valid HTTP.",
    ),
)


def explain_error(error: Exception) -> FetchFailure:
    """Return the failure that `error` stands for, from its causes.

    An exception of a kind that is not known here is logged and counts as `bad_response`, so that
    one odd upstream cannot fail the others.
    """
    causes = list(iterate_causes(error))
    for cause in causes:
        if isinstance(cause, FetchFailed):
            return cause.failure
    for kind, code, message in _FAILURES:
        if any(isinstance(cause, kind) for cause in causes):
            return FetchFailure(code=code, message=message)
    logger.warning("A fetch ended in an unexpected error", exc_info=error)
    return FetchFailure(
        code=FailureCode.BAD_RESPONSE, message="The answer could not be understood."
    )


def forget_frames(error: BaseException) -> None:
    """Let go of what `error` was raised through.

    A stream keeps the error that broke it, and the error the frames that have read it: the body
    would stay with them until the garbage collector comes by.
    """
    for cause in iterate_causes(error):
        cause.__traceback__ = None


def iterate_causes(error: BaseException) -> Iterator[BaseException]:
    """The exception and what it came of, CAUSE_LIMIT_COUNT at most."""
    cause: BaseException | None = error
    for _ in range(CAUSE_LIMIT_COUNT):
        if cause is None:
            return
        yield cause
        cause = cause.__cause__ or (None if cause.__suppress_context__ else cause.__context__)
