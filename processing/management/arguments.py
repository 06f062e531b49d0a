"""What argparse makes of the commands' arguments; a value that will not do says what would."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError
from uuid import UUID

from processing.memory.quota import GIB, MIB
from processing.models import QueuePause
from processing.queue.durations import parse_duration

QUEUE_MOST_CHARACTERS = QueuePause._meta.get_field("queue").max_length or 0

#: Each seat is a process of its own.
MOST_SEATS = 256


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


def memory_bytes(text: str) -> int:
    """An amount of memory like 512M or 2G, in bytes; a number alone is in M (of 1024 x 1024)."""
    found = re.fullmatch(r"(?a:(\d{1,9}))([MG]?)B?", text.upper())
    if found and int(found[1]):
        return int(found[1]) * (GIB if found[2] == "G" else MIB)
    raise ArgumentTypeError(f"{text!r} is not an amount of memory; write it like 512M or 2G")


def queue_name(text: str) -> str:
    """The name of a queue, as long as its column takes."""
    if text.strip() and text.isprintable() and len(text) <= QUEUE_MOST_CHARACTERS:
        return text
    raise ArgumentTypeError(
        f"{text[:QUEUE_MOST_CHARACTERS]!r} is not the name of a queue; write 1 to "
        f"{QUEUE_MOST_CHARACTERS} printable characters"
    )
