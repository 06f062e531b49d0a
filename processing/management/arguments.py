"""What argparse makes of the commands' arguments; a value that will not do says what would."""

from __future__ import annotations

from argparse import ArgumentTypeError
from uuid import UUID

from processing.queue.durations import parse_duration


def age_seconds(text: str) -> float:
    """An age like 90s, 15m, 12h or 7d, in seconds."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error


def job_id(text: str) -> UUID:
    """The id of a job, with or without dashes."""
    try:
        return UUID(text)
    except ValueError as error:
        raise ArgumentTypeError(
            f"{text!r} is not the id of a job; write it as the API gives it, "
            "32 hexadecimal digits with or without dashes"
        ) from error


def job_limit(text: str) -> int:
    """A whole number of jobs, 1 or more."""
    if text.isascii() and text.isdigit() and int(text):
        return int(text)
    raise ArgumentTypeError(f"{text!r} is not a number of jobs; write a whole number, 1 or more")
