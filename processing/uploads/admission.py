"""Who may upload now: how many at once, how large, and whether the disk has room.

The numbers are those of one process and are kept on its event loop's thread, without a lock.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings

from processing.errors import DiskFull, UploadsBusy, UploadTooLarge
from processing.uploads.spool import INCOMING, make_spool_folder

FRAMING_MAX_BYTES = 64 * 1024
"""What a body may hold beside its file: boundaries, headers and small form fields."""

RECHECK_EVERY_BYTES = 16 * 1024 * 1024
"""An upload that promised no length looks at the disk again after so many bytes. A look costs
microseconds; the default reserve is 16 such steps."""

_seats: set[object] = set()
_promises: set[SpacePromise] = set()


@contextmanager
def upload_seat() -> Iterator[None]:
    """Hold one of the UPLOAD_MAX_CONCURRENT seats of this process; raise UploadsBusy if all are
    taken."""
    if len(_seats) >= settings.UPLOAD_MAX_CONCURRENT:
        raise UploadsBusy
    seat = object()
    _seats.add(seat)
    try:
        yield
    finally:
        _seats.discard(seat)


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


def check_free_space(expected_bytes: int) -> None:
    """Raise DiskFull if so many more bytes would leave less than UPLOAD_MIN_FREE_BYTES free.

    What the running uploads have promised and not yet written counts as taken.
    """
    owed_bytes = sum(promise.owed_bytes for promise in _promises)
    free_bytes = shutil.disk_usage(make_spool_folder(INCOMING)).free
    if free_bytes - owed_bytes - expected_bytes < settings.UPLOAD_MIN_FREE_BYTES:
        raise DiskFull


class SpacePromise:
    """How many bytes a running upload has yet to write, as far as it said so."""

    def __init__(self, owed_bytes: int) -> None:
        self.owed_bytes = owed_bytes
        self._unpromised_bytes = 0

    def record_written(self, count_bytes: int) -> None:
        """Count bytes as written; raise DiskFull when unpromised ones have used the room up."""
        kept_bytes = min(count_bytes, self.owed_bytes)
        self.owed_bytes -= kept_bytes
        self._unpromised_bytes += count_bytes - kept_bytes
        if self._unpromised_bytes >= RECHECK_EVERY_BYTES:
            self._unpromised_bytes = 0
            check_free_space(0)


@contextmanager
def promise_space(expected_bytes: int | None) -> Iterator[SpacePromise]:
    """Count a running upload's length as taken space; None (a chunked body) promises nothing.

    Raises DiskFull, as check_free_space does.
    """
    check_free_space(expected_bytes or 0)
    promise = SpacePromise(expected_bytes or 0)
    _promises.add(promise)
    try:
        yield promise
    finally:
        _promises.discard(promise)
