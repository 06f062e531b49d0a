"""Temp files on the way into the store: `<uuid>.part` in a folder of UPLOAD_SPOOL_DIR."""

from __future__ import annotations

import errno
import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from django.conf import settings

from processing.errors import DiskFull
from processing.uploads.walk import StoredEntry, walk_files

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

INCOMING = "incoming"
"""The spool folder for what clients upload."""

OUTGOING = "outgoing"
"""The spool folder for what workers make."""

_FULL_ERRNOS = frozenset({errno.ENOSPC, errno.EDQUOT})


@contextmanager
def raising_disk_full() -> Iterator[None]:
    """Turn the system's "no space left" and "quota exceeded" into DiskFull."""
    try:
        yield
    except OSError as error:
        if error.errno in _FULL_ERRNOS:
            raise DiskFull from error
        raise


@raising_disk_full()
def make_spool_folder(folder: str) -> Path:
    """Return the path of a spool folder, made if missing, for its owner alone; DiskFull if that
    finds no room."""
    path = Path(settings.UPLOAD_SPOOL_DIR) / folder
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


class PartFile:
    """A temp file that counts and hashes what is written, and is removed unless it was moved.

    Create one with create_part. Closing removes the file, as with NamedTemporaryFile; a file that
    was renamed into the store is no longer there to be removed.
    """

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self.file = file
        self.size_bytes = 0
        self._hash = hashlib.sha256()

    @property
    def sha256(self) -> str:
        """The SHA-256 of what was written so far, in hexadecimal."""
        return self._hash.hexdigest()

    def write(self, data: ReadableBuffer) -> int:
        """Append; return the number of bytes. On any error the file is removed; DiskFull if the
        disk is full."""
        try:
            with raising_disk_full():
                count_bytes = self.file.write(data)
        except BaseException:
            self.close()
            raise
        self._hash.update(data)
        self.size_bytes += count_bytes
        return count_bytes

    def finish_writing(self) -> None:
        """Bring everything to the file system and open the file for reading from its start.

        The file is really closed in between, for some network file systems report a full disk
        only then. Errors are those of write().
        """
        try:
            with raising_disk_full():
                self.file.close()
            self.file = self.path.open("rb")
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Close and remove; a file that is gone is success. May be called again."""
        try:
            self.file.close()
        except OSError:
            pass  # bytes that found no room on the disk, in a file that is removed anyway
        finally:
            self.path.unlink(missing_ok=True)

    def __del__(self) -> None:
        # Django's MultiPartParser tells its handlers nothing when the client is gone.
        self.close()


@raising_disk_full()
def create_part(folder: str) -> PartFile:
    """Make an empty `<uuid>.part`, mode 0600, in a spool folder; DiskFull if there is no room."""
    path = make_spool_folder(folder) / f"{uuid.uuid4().hex}.part"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    return PartFile(path, os.fdopen(descriptor, "wb"))


def iter_spooled() -> Iterator[StoredEntry]:
    """Yield every temp file, with its name below UPLOAD_SPOOL_DIR: running ones and left-overs."""
    for folder in (INCOMING, OUTGOING):
        yield from walk_files(Path(settings.UPLOAD_SPOOL_DIR), folder)


def remove_spooled(name: str) -> None:
    """Remove a temp file by the name that iter_spooled gave; a missing one is success."""
    Path(settings.UPLOAD_SPOOL_DIR, name).unlink(missing_ok=True)
