"""The store that is the database: for a web and a worker that share no disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext, suppress
from datetime import datetime
from typing import BinaryIO, ClassVar

from django.core.files.base import File
from django.core.files.storage import Storage
from django.db import Error, connection

from processing.database_store import writing
from processing.database_store.appender import ChunkAppender
from processing.database_store.reader import open_file
from processing.models import DatabaseFile
from processing.models.database_file import CHUNK_BYTES
from processing.uploads.walk import StoredEntry

BATCH_FILES = 500
"""Files listed by one query."""


class DatabaseStorage(Storage):
    """Files as rows of the default database, written and read a chunk of 256 KiB at a time.

    Beside what the interface names, each method raises django.db.Error while the database is away.
    """

    thread_count: ClassVar[int] = 1
    keeps_whole: ClassVar[bool] = False

    def open_stream(self, name: str) -> BinaryIO:
        """See UploadStore; an unfinished file is read as far as it is kept."""
        return open_file(name)

    def size(self, name: str) -> int:
        """See UploadStore."""
        return writing.measure_file(name)

    def exists(self, name: str) -> bool:
        """Whether there is such a file, finished or not."""
        return DatabaseFile.objects.filter(name=name).exists()

    def delete(self, name: str) -> None:
        """See UploadStore."""
        while self.delete_some(name):
            pass

    def delete_some(self, name: str) -> bool:
        """See UploadStore. A crash in between leaves an unfinished file for the sweep."""
        return writing.delete_batch(name)

    def get_created_time(self, name: str) -> datetime:
        """When the file was begun. Raises DatabaseFile.DoesNotExist."""
        return DatabaseFile.objects.get(name=name).created_at

    def get_modified_time(self, name: str) -> datetime:
        """When something was last written to it. Raises DatabaseFile.DoesNotExist."""
        return DatabaseFile.objects.get(name=name).modified_at

    def iter_files(self) -> Iterator[StoredEntry]:
        """See UploadStore."""
        files = DatabaseFile.objects.order_by("pk")
        last_key = 0
        while found := list(files.filter(pk__gt=last_key)[:BATCH_FILES]):
            for file in found:
                yield StoredEntry(file.name, file.modified_at.timestamp(), file.size_bytes)
            last_key = found[-1].pk

    def find_free_bytes(self) -> int | None:
        """What the disk under SQLite has left; a server does not tell."""
        if connection.vendor != "sqlite":
            return None
        return shutil.disk_usage(connection.settings_dict["NAME"]).free

    def find_spool_bytes(self, offset: int, size_bytes: int | None, *, is_provisional: bool) -> int:
        """None: a chunk is gathered in memory."""
        return 0

    def begin(self, name: str) -> None:
        """See UploadStore. Raises FileExistsError."""
        writing.make_file(name)

    def measure(self, name: str) -> int:
        """See UploadStore."""
        return writing.measure_file(name)

    def lock(self, name: str) -> AbstractContextManager[None]:
        """See UploadStore."""
        return nullcontext()

    def append(self, name: str, offset: int, *, is_provisional: bool) -> ChunkAppender:
        """See UploadStore."""
        file = writing.take_over(name, offset)
        writing.remove_leftovers(file)
        return ChunkAppender(file)

    def finish(self, name: str, size_bytes: int) -> None:
        """See UploadStore."""
        writing.finish_file(name, size_bytes)

    def _open(self, name: str, mode: str = "rb") -> File[bytes]:
        if mode != "rb":
            raise ValueError(f"mode {mode!r}: a stored file is only read")
        return File(self.open_stream(name), name)

    def _save(self, name: str, content: File[bytes]) -> str:
        name = self._begin_available(name)
        try:
            appender = self.append(name, 0, is_provisional=False)
            for block in content.chunks(CHUNK_BYTES):
                appender.write(block)
            self.finish(name, appender.close())
        except BaseException:
            with suppress(Error):  # then the sweep finds an unfinished file
                self.delete(name)
            raise
        return name

    def _begin_available(self, name: str) -> str:
        """Begin a file of that name, or of one like it where another was quicker."""
        while True:
            try:
                self.begin(name)
            except FileExistsError:
                name = self.get_available_name(name, max_length=200)
            else:
                return name
