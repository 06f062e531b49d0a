"""Who may upload now: how many at once, and how large.

A seat is a share of memory: the plan counts UPLOAD_BYTES for each, so whoever gets one fits. The
numbers are those of one process and are kept on its event loop's thread, without a lock.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

from django.conf import settings

from processing.errors import UploadsBusy, UploadTooLarge
from processing.memory.seats import Seats
from processing.memory.sizes import UPLOAD_BYTES

FRAMING_MAX_BYTES = 64 * 1024
"""What a body may hold beside its file: boundaries, headers and small form fields."""

_seats = Seats()


def upload_seat() -> AbstractContextManager[None]:
    """Hold one of the UPLOAD_MAX_CONCURRENT seats of this process; raise UploadsBusy if all are
    taken."""
    return _seats.take(settings.UPLOAD_MAX_CONCURRENT, UploadsBusy)


def count_held_bytes() -> int:
    """What the running uploads hold of the memory that is planned for UPLOAD_MAX_CONCURRENT."""
    return len(_seats) * UPLOAD_BYTES


def check_length(body_bytes: int | None) -> None:
    """Raise UploadTooLarge if a body of this length cannot hold an acceptable file.

    For a declared Content-Length (None: not declared) and for what has arrived so far.
    """
    if body_bytes is not None:
        check_file_size(body_bytes - FRAMING_MAX_BYTES)


def check_file_size(file_bytes: int) -> None:
    """Raise UploadTooLarge if a file is larger than UPLOAD_MAX_BYTES."""
    if file_bytes > settings.UPLOAD_MAX_BYTES:
        raise UploadTooLarge(
            f"The upload is larger than {settings.UPLOAD_MAX_BYTES} bytes (UPLOAD_MAX_BYTES)."
        )
