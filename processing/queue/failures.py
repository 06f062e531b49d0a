"""What is kept of a failure: a code, a message and a traceback that any database stores."""

from __future__ import annotations

import re

#: A traceback keeps its end, where the cause is.
TRACEBACK_MAX_CHARACTERS = 20_000
MESSAGE_MAX_CHARACTERS = 2_000

#: So much of it is kept for django-q2's own table and for hooks: its beginning and its end.
FAILURE_MAX_CHARACTERS = 200_000

#: django-q2's worker joins `str(error)` and the traceback like this.
TRACEBACK_START = re.compile(r" : (?=(  \+ Exception Group )?Traceback \(most recent call last\):)")
#: The outcome and the error code of a task that took, or was refused, more than its limit.
MEMORY_LIMIT_EXCEEDED = "memory_limit_exceeded"
TIMEOUT_EXCEPTION = "django_q.exceptions.TimeoutException"


def make_error(code: str, message: str, traceback: str = "") -> dict[str, str]:
    """The job's error columns."""
    return {
        "error_code": code,
        "error_message": _storable(message)[:MESSAGE_MAX_CHARACTERS],
        "error_traceback": _storable(traceback)[-TRACEBACK_MAX_CHARACTERS:],
    }


def read_failure(result: str) -> dict[str, str]:
    """The job's error columns, out of what django-q2 keeps of an exception."""
    message, trace = _split(str(result))
    timed_out = trace.rstrip().rpartition("\n")[2].startswith(TIMEOUT_EXCEPTION)
    code = "timeout" if timed_out else "task_error"
    return make_error(code, message, trace)


def shorten_failure(result: str) -> str:
    """What django-q2 keeps of an exception, without the middle of one that is endless."""
    half = FAILURE_MAX_CHARACTERS // 2
    if len(result) <= FAILURE_MAX_CHARACTERS:
        return result
    return f"{result[:half]} … {result[-half:]}"


def describe_exception(error: BaseException) -> str:
    """Its class and its message, as far as it has one that can be had."""
    name = type(error).__name__
    try:
        message = str(error)
    except Exception:  # its class is somebody else's code
        return name
    return f"{name}: {message}" if message else name


def _storable(text: str) -> str:
    """`text` without NUL, which PostgreSQL refuses, and lone surrogates, which no UTF-8 has."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _split(result: str) -> tuple[str, str]:
    found = TRACEBACK_START.search(result)
    return (result[: found.start()], result[found.end() :]) if found else (result, "")
