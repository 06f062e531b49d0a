"""What argparse makes of the commands' arguments; a value that will not do says what would."""

from __future__ import annotations

import math
from argparse import ArgumentTypeError
from pathlib import Path
from uuid import UUID

from processing.memory.units import parse_size
from processing.models import QueuePause
from processing.queue.durations import parse_duration

QUEUE_MOST_CHARACTERS = QueuePause._meta.get_field("queue").max_length or 0

#: Each seat is a process of its own.
MOST_SEATS = 256
#: More lines than this nobody reads.
MOST_LINES = 100
#: A terabyte.
MOST_MEGABYTES = 1024 * 1024


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


def seat_count(text: str) -> int:
    """A whole number of seats, 1 to MOST_SEATS."""
    if text.isascii() and text.isdigit() and 0 < int(text) <= MOST_SEATS:
        return int(text)
    raise ArgumentTypeError(
        f"{text!r} is not a number of seats; write a whole number, 1 to {MOST_SEATS}"
    )


def line_count(text: str) -> int:
    """A whole number of lines, 1 to MOST_LINES."""
    if text.isascii() and text.isdigit() and 0 < int(text) <= MOST_LINES:
        return int(text)
    raise ArgumentTypeError(
        f"{text!r} is not a number of lines; write a whole number, 1 to {MOST_LINES}"
    )


def whole_megabytes(text: str) -> int:
    """A whole number of MB, 1 to MOST_MEGABYTES."""
    if text.isascii() and text.isdigit() and 0 < int(text) <= MOST_MEGABYTES:
        return int(text)
    raise ArgumentTypeError(
        f"{text!r} is not a number of MB; write a whole number, 1 to {MOST_MEGABYTES}"
    )


def memory_size(text: str) -> int:
    """A size such as 512M, 1.5G or 536870912, in bytes."""
    try:
        return parse_size(text)
    except ValueError as error:
        raise ArgumentTypeError(str(error)) from error


def positive_seconds(text: str) -> float:
    """A number of seconds above 0."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if seconds > 0 and math.isfinite(seconds):
        return seconds
    raise ArgumentTypeError(f"{text!r} is not a number of seconds; write one above 0, such as 20")


def output_file(text: str) -> Path:
    """The path of a file that can be written."""
    path = Path(text)
    if path.parent.is_dir() and not path.is_dir():
        return path
    raise ArgumentTypeError(
        f"{text!r} cannot be written; name a file in a folder that is there, such as var/usage"
    )


def queue_name(text: str) -> str:
    """The name of a queue, as long as its column takes."""
    if text.strip() and text.isprintable() and len(text) <= QUEUE_MOST_CHARACTERS:
        return text
    raise ArgumentTypeError(
        f"{text[:QUEUE_MOST_CHARACTERS]!r} is not the name of a queue; write 1 to "
        f"{QUEUE_MOST_CHARACTERS} printable characters"
    )
