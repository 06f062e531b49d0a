"""Bytes on the spool disk on their way to a bucket."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Any

from s3transfer.utils import ReadFileChunk

from processing.uploads.spool import INCOMING, create_part, raising_disk_full
from processing.uploads.spool_sweep import sweep_spool_if_due

#: What is in memory while a file is copied.
COPY_BYTES = 64 * 1024


class Gathering:
    """A temp file that is written at its end, and sent from in slices; leaving it removes it."""

    def __init__(self) -> None:
        sweep_spool_if_due()
        self._part = create_part(INCOMING)
        try:
            # Not buffered: what was written can be read by its path.
            self._file = self._part.path.open("r+b", buffering=0)
        except BaseException:
            self._part.close()
            raise
        self.size_bytes = 0

    def __enter__(self) -> Gathering:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @property
    def path(self) -> Path:
        """Where it is."""
        return self._part.path

    @raising_disk_full()
    def write(self, block: bytes | memoryview) -> None:
        """Take a block as a whole, or on an error nothing of it. Raises DiskFull, OSError."""
        self._file.seek(self.size_bytes)
        rest = memoryview(block)
        while rest:
            rest = rest[self._file.write(rest) :]
        self.size_bytes += len(block)

    def copy(self, other: Gathering, start: int, length: int) -> None:
        """Take `length` bytes of another one. Raises DiskFull, OSError."""
        with other.path.open("rb") as file:
            file.seek(start)
            for left_bytes in range(length, 0, -COPY_BYTES):
                self.write(file.read(min(COPY_BYTES, left_bytes)))

    def open_slice(self, start: int, length: int) -> Any:
        """These bytes as a stream of their own that botocore can send, and send again; to close."""
        return ReadFileChunk.from_filename(str(self.path), start, length)

    def clear(self) -> None:
        """Forget all of it."""
        self._file.truncate(0)
        self.size_bytes = 0

    def close(self) -> None:
        """Remove it; may be called again."""
        self._file.close()
        self._part.close()

    def __del__(self) -> None:
        self.close()  # whoever was told to stop may leave an appender as it is
