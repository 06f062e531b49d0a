"""What is kept of a failure: a code, a message and a traceback that any database stores."""

from __future__ import annotations

#: A traceback keeps its end, where the cause is.
TRACEBACK_MAX_CHARACTERS = 20_000
MESSAGE_MAX_CHARACTERS = 2_000

#: django-q2's worker joins `str(error)` and the traceback like this.
TRACEBACK_START = " : Traceback (most recent call last):"
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
    message, start, trace = str(result).partition(TRACEBACK_START)
    timed_out = trace.rstrip().rpartition("\n")[2].startswith(TIMEOUT_EXCEPTION)
    code = "timeout" if timed_out else "task_error"
    return make_error(code, message, start.removeprefix(" : ") + trace)


def _storable(text: str) -> str:
    """`text` without NUL, which PostgreSQL refuses, and lone surrogates, which no UTF-8 has."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
