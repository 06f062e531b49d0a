"""The store that is a local folder: for web and worker on one machine, or on one shared volume."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, ClassVar, cast

from django.core.files.storage import FileSystemStorage

from processing.errors import UploadLocked
from processing.uploads.spool import raising_disk_full
from processing.uploads.walk import StoredEntry, walk_files

if TYPE_CHECKING:
    from _typeshed import StrPath


class FolderStorage(FileSystemStorage):
    """A local folder, for its owner alone. Its OPTIONS: `location`, the path of the folder.

    An unfinished file lies where the finished one will; its size is what is kept of it.
    """

    thread_count: ClassVar[int] = 0
    keeps_whole: ClassVar[bool] = True

    def __init__(self, location: StrPath) -> None:
        super().__init__(
            location=location, file_permissions_mode=0o600, directory_permissions_mode=0o700
        )

    def open_stream(self, name: str) -> BinaryIO:
        """See UploadStore."""
        return cast(BinaryIO, self.open(name).file)

    def iter_files(self) -> Iterator[StoredEntry]:
        """Yield every file as the folder is read, in constant memory."""
        return walk_files(Path(self.location))

    @raising_disk_full()
    def find_free_bytes(self) -> int:
        """What the file system of the folder has left for us."""
        Path(self.location).mkdir(mode=0o700, parents=True, exist_ok=True)
        return shutil.disk_usage(self.location).free

    def find_spool_bytes(self, offset: int, size_bytes: int | None, *, is_provisional: bool) -> int:
        """None: they are written where they stay."""
        return 0

    @raising_disk_full()
    def begin(self, name: str) -> None:
        """See UploadStore."""
        path = Path(self.path(name))
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))

    def delete_some(self, name: str) -> bool:
        """It is removed at once."""
        self.delete(name)
        return False

    def measure(self, name: str) -> int:
        """See UploadStore."""
        return self.size(name)

    @contextmanager
    def lock(self, name: str) -> Iterator[None]:
        """See UploadStore. The kernel ends it with the process."""
        descriptor = os.open(self.path(name), os.O_WRONLY)
        try:
            _lock(descriptor)
            yield
        finally:
            os.close(descriptor)

    def append(self, name: str, offset: int, *, is_provisional: bool) -> FolderAppender:
        """See UploadStore."""
        return FolderAppender(Path(self.path(name)), offset)

    def finish(self, name: str, size_bytes: int) -> None:
        """See UploadStore. It is finished as it is, unless somebody is writing to it."""
        with self.lock(name):
            kept_bytes = self.measure(name)
        if kept_bytes != size_bytes:
            raise OSError(f"{name} has {kept_bytes} bytes, not {size_bytes}.")


def _lock(descriptor: int) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise UploadLocked from error


class FolderAppender:
    """Writes at the end of a file. A block that found no room is kept as far as it was written."""

    def __init__(self, path: Path, offset: int) -> None:
        self._begun_at = self._offset = offset
        self._descriptor: int | None = os.open(path, os.O_WRONLY)
        try:
            size_bytes = os.fstat(self._descriptor).st_size
            if size_bytes < offset:
                raise OSError(f"{path} has {size_bytes} bytes; asked for {offset}.")
            os.ftruncate(self._descriptor, offset)
            os.lseek(self._descriptor, 0, os.SEEK_END)
        except BaseException:
            self.close()
            raise

    @raising_disk_full()
    def write(self, block: bytes) -> None:
        """See Appender."""
        assert self._descriptor is not None, "it is not closed"
        rest = memoryview(block)
        while rest:
            count_bytes = os.write(self._descriptor, rest)
            self._offset += count_bytes
            rest = rest[count_bytes:]

    def close(self) -> int:
        """See Appender."""
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            with raising_disk_full():
                os.close(descriptor)
        return self._offset

    def abandon(self) -> None:
        """See Appender."""
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, self._begun_at)
            self._offset = self._begun_at
        self.close()
