"""A process that writes to a stored file without end, or sends a large one through a store.

    python -m tests.uploads.stores.appending forever NAME
    python -m tests.uploads.stores.appending through MEGABYTES

The first prints a line for every block that it has written. The second prints JSON:
{"is_right", "added_bytes"}.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Iterator

import django
from django.core.files.base import File

from tests.uploads.large_upload import read_status_bytes, reset_peak

MIB = 1024 * 1024
BLOCK_BYTES = 64 * 1024


def append_forever(name: str) -> None:
    from processing.uploads.store import get_store

    offset = get_store().measure(name)
    appender = get_store().append(name, offset, is_provisional=False)
    while True:
        appender.write(make_block(offset))
        offset += BLOCK_BYTES
        print(offset, flush=True)


def make_block(offset: int) -> bytes:
    """The bytes of a file from `offset` on, which is a multiple of 8."""
    numbers = range(offset // 8, (offset + BLOCK_BYTES) // 8)
    return b"".join(number.to_bytes(8, "big") for number in numbers)


def send_through(name: str, size_bytes: int) -> bool:
    """Append a file, save it as another one, read and remove both; whether they were right."""
    from processing.uploads.store import get_store

    store, digest = get_store(), hashlib.sha256()
    store.begin(name)
    appender = store.append(name, 0, is_provisional=False)
    for offset in range(0, size_bytes, BLOCK_BYTES):
        block = make_block(offset)
        digest.update(block)
        appender.write(block)
    store.finish(name, appender.close())
    with store.open_stream(name) as stream:
        copy = store.save(f"{name}-copy", SizedFile(stream, size_bytes))
    digests = {hash_stored(each) for each in (name, copy)}
    for each in (name, copy):
        store.delete(each)
    return digests == {digest.hexdigest()}


class SizedFile(File):  # type: ignore[type-arg]
    """A stream of which the size is known."""

    def __init__(self, stream: object, size_bytes: int) -> None:
        super().__init__(stream)
        self.size = size_bytes


def hash_stored(name: str) -> str:
    from processing.uploads.store import get_store

    digest = hashlib.sha256()
    with get_store().open_stream(name) as stream:
        for block in read_blocks(stream):
            digest.update(block)
    return digest.hexdigest()


def read_blocks(stream: object) -> Iterator[bytes]:
    return iter(lambda: stream.read(BLOCK_BYTES), b"")  # type: ignore[attr-defined]


def measure(size_bytes: int) -> dict[str, object]:
    send_through("sources/warm", 2 * MIB)
    before_bytes = read_status_bytes("VmRSS")
    reset_peak()
    is_right = send_through("sources/large", size_bytes)
    return {"is_right": is_right, "added_bytes": read_status_bytes("VmHWM") - before_bytes}


if __name__ == "__main__":
    django.setup()
    if sys.argv[1] == "forever":
        append_forever(sys.argv[2])
    else:
        print(json.dumps(measure(int(sys.argv[2]) * MIB)))
