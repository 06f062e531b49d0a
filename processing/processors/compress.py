"""gzip: a file, compressed."""

from __future__ import annotations

import zlib
from typing import BinaryIO

from processing.processors.job import JSONValue, ProcessorJob
from processing.processors.registry import processor
from processing.processors.source_reader import read_chunks

GZIP_WINDOW_BITS = 16 + zlib.MAX_WBITS
"""zlib's way to ask for a gzip stream (zlib manual, deflateInit2). Its header has no time and no
name, so the same source makes the same stream."""


@processor("gzip", accepts="file", media_type="application/gzip")
def gzip(job: ProcessorJob, source: BinaryIO, sink: BinaryIO) -> dict[str, JSONValue]:
    """Write the source as a gzip stream to the sink; return `{"bytes_in", "bytes_out"}`."""
    compressor = zlib.compressobj(wbits=GZIP_WINDOW_BITS)
    bytes_in = bytes_out = 0
    for chunk in read_chunks(job, source):
        bytes_in += len(chunk)
        bytes_out += _write(sink, compressor.compress(chunk))
    bytes_out += _write(sink, compressor.flush())
    return {"bytes_in": bytes_in, "bytes_out": bytes_out}


def _write(sink: BinaryIO, piece: bytes) -> int:
    sink.write(piece)
    return len(piece)
