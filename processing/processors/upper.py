"""upper: a file with its ASCII letters in upper case."""

from __future__ import annotations

from typing import BinaryIO

from processing.processors.job import JSONValue, ProcessorJob
from processing.processors.registry import processor
from processing.processors.source_reader import read_chunks


@processor("upper", accepts="file")
def upper(job: ProcessorJob, source: BinaryIO, sink: BinaryIO) -> dict[str, JSONValue]:
    """Write the source to the sink with a-z as A-Z, like `LC_ALL=C tr a-z A-Z`.

    Every other byte stays as it is. In UTF-8 all bytes of a character outside ASCII are
    0x80 or more, so such text stays whole, with letters like 'é' left in lower case.
    Returns `{"bytes": n}`.
    """
    size_bytes = 0
    for chunk in read_chunks(job, source):
        sink.write(chunk.upper())
        size_bytes += len(chunk)
    return {"bytes": size_bytes}
