"""Which failures are worth another try, and how long to wait before it."""

from __future__ import annotations

import random
import time
from email.utils import parsedate_to_datetime

import aiohttp

from processing.backoff import double_wait
from processing.fanout.addresses import ForbiddenAddress
from processing.fanout.failures import iterate_causes

#: The first one too.
MOST_ATTEMPTS = 3
#: The longest wait before the second attempt, in seconds; it doubles with each. The wait is any
#: time up to that, so that those who failed together do not come again together.
FIRST_WAIT_SECONDS = 0.2
MOST_WAIT_SECONDS = 2.0
#: What an upstream may ask for with Retry-After, in seconds: its slot is kept meanwhile.
MOST_RETRY_AFTER_SECONDS = 5.0
#: An attempt with less time than this is not begun, in seconds.
LEAST_ATTEMPT_SECONDS = 0.25

#: Too many requests, and what gateways say of a server that they do not reach.
PASSING_STATUSES = frozenset((429, 502, 503, 504))

_PASSING_ERRORS = (aiohttp.ClientConnectionError, aiohttp.ClientPayloadError)
_LASTING_ERRORS = (
    ForbiddenAddress,
    aiohttp.ClientSSLError,
    aiohttp.ClientConnectorDNSError,  # a name that hangs has had its time
    TimeoutError,
)


def is_passing(error: Exception) -> bool:
    """Whether a GET that failed so may be asked again: no connection, or one that broke off."""
    causes = list(iterate_causes(error))
    if any(isinstance(cause, _LASTING_ERRORS) for cause in causes):
        return False
    return any(isinstance(cause, _PASSING_ERRORS) for cause in causes)


def pick_wait(attempt: int, retry_after: str = "") -> float:
    """Seconds to wait after that attempt, 1 for the first: what Retry-After says, if it says."""
    asked = _read_retry_after(retry_after)
    if asked is not None:
        return asked
    longest = double_wait(FIRST_WAIT_SECONDS, attempt - 1, most_seconds=MOST_WAIT_SECONDS)
    return random.uniform(0.0, longest)  # noqa: S311 (nobody gains from guessing it)


def _read_retry_after(value: str) -> float | None:
    """RFC 9110 section 10.2.3: seconds, or a date; None for anything else."""
    if value.isascii() and value.isdigit():
        return float(value.lstrip("0")[:9] or 0)
    try:
        moment = parsedate_to_datetime(value).timestamp()
    except (ValueError, OverflowError):
        return None
    return max(0.0, moment - time.time())
