"""What django-q2's worker keeps of an exception."""

from __future__ import annotations

import traceback


def failure_of(error: BaseException) -> str:
    """Raise `error` and join its text and traceback as the worker does."""
    try:
        raise error
    except BaseException as raised:  # a TimeoutException is a SystemExit
        return f"{raised} : {traceback.format_exc()}"
