"""sha256: the digest of a file."""

from __future__ import annotations

import hashlib
from typing import BinaryIO

from processing.processors.job import JSONValue, ProcessorJob
from processing.processors.registry import processor
from processing.processors.source_reader import read_chunks


@processor("sha256", accepts="file")
def sha256(job: ProcessorJob, source: BinaryIO, sink: BinaryIO) -> dict[str, JSONValue]:
    """Return `{"bytes": n, "sha256": 64 hexadecimal digits}`; write nothing to the sink."""
    digest = hashlib.sha256()
    size_bytes = 0
    for chunk in read_chunks(job, source):
        digest.update(chunk)
        size_bytes += len(chunk)
    return {"bytes": size_bytes, "sha256": digest.hexdigest()}
