"""What every store can do. All of it blocks; on the event loop it is called on a store thread."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import BinaryIO, ClassVar, Protocol, runtime_checkable

from django.core.files.base import File

from processing.uploads.walk import StoredEntry


class Appender(Protocol):
    """Writes on at the end of an unfinished file, for one caller at a time.

    After an error of `write` nothing more can be written; `close` keeps what came before.
    """

    def write(self, block: bytes) -> None:
        """Take all of a block. Raises DiskFull, OSError."""

    def close(self) -> int:
        """Keep what was taken, as far as there was room; returns the size of the file in bytes.

        From then on it outlives this process. May be called again.
        """

    def abandon(self) -> None:
        """Forget what was taken since the appender was made; instead of `close`."""


class UploadStore(Protocol):
    """STORAGES["uploads"]. A name is a path with forward slashes, of 200 characters at most."""

    thread_count: ClassVar[int]
    """How many calls it works on at once for an event loop, in threads of its own; 0: it is on a
    local disk, and the disk thread works on it."""

    keeps_whole: ClassVar[bool]
    """Whether `save` is the faster way for a finished upload of any size, and worth a thread for as
    long as that takes; otherwise it comes bit by bit, and others get the thread in between."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        """`name`, or one like it if that is taken."""

    def save(self, name: str, content: File[bytes]) -> str:
        """Keep a whole file, read in chunks; returns its name. Raises DiskFull, OSError."""

    def open_stream(self, name: str) -> BinaryIO:
        """A finished file for reading and seeking, with at most 1 MiB of it in memory.

        Raises FileNotFoundError.
        """

    def size(self, name: str) -> int:
        """The size of a finished file in bytes. Raises FileNotFoundError."""

    def delete(self, name: str) -> None:
        """Remove a file, finished or not; a missing one is success."""

    def delete_some(self, name: str) -> bool:
        """The same in calls that are short each: whether another one is needed.

        From the first one on nobody can read the file or write on.
        """

    def iter_files(self) -> Iterator[StoredEntry]:
        """Yield every file, unfinished ones too, in constant memory and no order."""

    def find_free_bytes(self) -> int | None:
        """The room that is left for more; None where nobody can tell."""

    def find_spool_bytes(self, offset: int, size_bytes: int | None, *, is_provisional: bool) -> int:
        """What an appender at `offset` that takes so many bytes has on the spool disk, at most.

        A provisional one has there what it took, until `close`. `size_bytes` is None where that is
        not known; then a provisional one may have more.
        """

    def begin(self, name: str) -> None:
        """Make an empty unfinished file. Raises DiskFull, OSError."""

    def measure(self, name: str) -> int:
        """The bytes of an unfinished file that are kept for good, after a crash too.

        Of a finished one its size: who finished it may have died before it could say so.
        Raises FileNotFoundError.
        """

    def lock(self, name: str) -> AbstractContextManager[None]:
        """Keep others from writing to an unfinished file until the block is left.

        Nothing where the store refuses a writer that another has taken over from. It does not
        wait: raises UploadLocked while another has it; FileNotFoundError.
        """

    def append(self, name: str, offset: int, *, is_provisional: bool) -> Appender:
        """An appender at `offset`, which is what `measure` gives; what is behind it is forgotten.

        With `is_provisional` what it takes is not known to be good until `close`: after a crash
        the caller makes a new one at the old offset. Raises FileNotFoundError, OSError.
        """

    def finish(self, name: str, size_bytes: int) -> None:
        """Make a finished file of an unfinished one that has all its bytes. May be repeated.

        Raises UploadLocked, FileNotFoundError; OSError where it has another size.
        """


@runtime_checkable
class RemoteStore(UploadStore, Protocol):
    """A store that is a service of its own, which can be away while all the rest is there."""

    def find_trouble(self) -> str:
        """Why it is of no use now, in a few words; empty when it is. Takes as long as any call."""
