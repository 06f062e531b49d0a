"""Writing on at the end of a file that is kept in rows."""

from __future__ import annotations

from processing.database_store.writing import add_chunk, cut
from processing.models import DatabaseFile
from processing.models.database_file import CHUNK_BYTES


class ChunkAppender:
    """Gathers what it takes into rows of CHUNK_BYTES; only the last one is shorter.

    Beside what the interface names it raises django.db.Error, and OSError once another writer has
    taken over.
    """

    def __init__(self, file: DatabaseFile) -> None:
        self._file = file
        self._begun_at = file.size_bytes
        self._gathered = bytearray()
        self._is_open = True

    def write(self, block: bytes) -> None:
        """See Appender."""
        if not self._is_open:
            raise ValueError(f"the appender of {self._file.name} is closed")
        rest = memoryview(block)
        while rest:
            taken = rest[: CHUNK_BYTES - len(self._gathered)]
            self._gathered += taken
            rest = rest[len(taken) :]
            if len(self._gathered) == CHUNK_BYTES:
                self._flush()

    def close(self) -> int:
        """See Appender."""
        if self._is_open and self._gathered:
            self._flush()
        self._is_open = False
        return self._file.size_bytes

    def abandon(self) -> None:
        """See Appender."""
        self._is_open = False
        self._gathered.clear()
        if self._file.size_bytes > self._begun_at:
            cut(self._file, self._begun_at)

    def _flush(self) -> None:
        data = bytes(self._gathered)
        self._gathered.clear()
        self._is_open = False  # for good, if this fails
        add_chunk(self._file, data)
        self._is_open = True
