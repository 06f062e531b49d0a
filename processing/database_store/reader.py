"""Reading a file that is kept in rows."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, BinaryIO

from processing.database_store.chunk_bytes import read_chunk
from processing.models import DatabaseFile
from processing.models.database_file import CHUNK_BYTES
from processing.uploads.seekable_stream import SeekableStream

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BUFFER_BYTES = 64 * 1024
"""What a reader holds, and asks for at once. Whoever reads more at a time gets up to a chunk."""


def open_file(name: str) -> BinaryIO:
    """What is kept of a file, as a buffered stream. Raises FileNotFoundError."""
    file = DatabaseFile.objects.filter(name=name).first()
    if file is None:
        raise FileNotFoundError(f"There is no stored file {name}.")
    return io.BufferedReader(ChunkReader(file), BUFFER_BYTES)


class ChunkReader(SeekableStream):
    """A seekable stream over the chunks of a file, with one query for each read.

    It may be used in any thread, in one at a time. Raises FileNotFoundError when the file is
    removed meanwhile, and django.db.Error.
    """

    def __init__(self, file: DatabaseFile) -> None:
        super().__init__(file.size_bytes)
        self._file = file

    def readinto(self, buffer: WriteableBuffer, /) -> int:
        """Read up to the end of a chunk; 0 at the end of the file."""
        wanted = memoryview(buffer).cast("B")
        wanted = wanted[: max(0, self._size_bytes - self._position)]
        if not wanted:
            return 0
        found = read_chunk(self._file.pk, self._position, min(len(wanted), CHUNK_BYTES))
        if not found:
            raise FileNotFoundError(f"The stored file {self._file.name} is gone.")
        wanted[: len(found)] = found
        self._position += len(found)
        return len(found)
