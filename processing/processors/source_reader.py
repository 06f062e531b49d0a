"""Reading a job's source in bounded chunks while its progress is reported."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, BinaryIO

from processing.processors.job import ProcessorJob

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

CHUNK_BYTES = 256 * 1024
"""One read of a source. `upper` does 830 MiB/s with it; 1 MiB at a time would make that 880."""

REPORT_EVERY_BYTES = 1024 * 1024
"""Progress is reported once per so much of the source: a report may be a write to a database."""


class SourceReader(io.RawIOBase):
    """A raw stream over a source that reports which fraction of it has been read.

    Where the size of the source is not known, only its end is reported. Closing the reader
    leaves the source open: it belongs to the job.
    """

    def __init__(self, job: ProcessorJob, source: BinaryIO) -> None:
        self._job = job
        self._source = source
        self._read_bytes = 0
        self._reported_bytes = 0
        self._is_at_end = False

    def readable(self) -> bool:
        """Tell the buffering classes of `io` that this stream can be read."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read at most as many bytes as the buffer holds; return how many, 0 at the end."""
        view = memoryview(buffer)
        chunk = self._source.read(view.nbytes)
        view[: len(chunk)] = chunk
        self._read_bytes += len(chunk)
        if not chunk:
            self._report_end()
        elif self._read_bytes - self._reported_bytes >= REPORT_EVERY_BYTES:
            self._report_fraction()
        return len(chunk)

    def _report_fraction(self) -> None:
        self._reported_bytes = self._read_bytes
        if self._job.source_bytes:
            self._job.report_progress(min(1.0, self._read_bytes / self._job.source_bytes))

    def _report_end(self) -> None:
        # A buffer on top of this stream may ask again after the end.
        if not self._is_at_end:
            self._is_at_end = True
            self._job.report_progress(1.0)


def read_chunks(job: ProcessorJob, source: BinaryIO) -> Iterator[bytes]:
    """Yield the source in chunks of at most CHUNK_BYTES, reporting progress."""
    reader = SourceReader(job, source)
    return iter(partial(reader.read, CHUNK_BYTES), b"")
