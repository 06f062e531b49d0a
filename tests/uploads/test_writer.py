from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator

import pytest

from processing.uploads.handler import SpoolUploadHandler
from processing.uploads.multipart import receive_upload
from processing.uploads.writer import BLOCK_BYTES
from tests.uploads.bodies import CONTENT_TYPE, END, file_part, form, receive_content, split

WAIT_SECONDS = 10
LOOP_TURNS = 200


def test_small_chunks_are_gathered_and_large_ones_written_as_they_come(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sizes = record_write_sizes(monkeypatch)
    content = b"x" * 500_000

    for chunk_bytes in (1000, 300_000):
        sizes.clear()
        body = split(form(file_part(content)), chunk_bytes)
        assert asyncio.run(receive_content(*body)) == content
        assert max(sizes) < BLOCK_BYTES + chunk_bytes
        assert len(sizes) <= len(content) // max(chunk_bytes, BLOCK_BYTES) + 2


def record_write_sizes(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    sizes: list[int] = []
    original = SpoolUploadHandler.receive_data_chunk

    def record(self: SpoolUploadHandler, raw_data: bytes, start: int) -> None:
        sizes.append(len(raw_data))
        original(self, raw_data, start)

    monkeypatch.setattr(SpoolUploadHandler, "receive_data_chunk", record)
    return sizes


def test_reading_goes_on_during_a_write_but_not_further_than_two_blocks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    may_write = threading.Event()
    original = SpoolUploadHandler.receive_data_chunk

    def write_later(self: SpoolUploadHandler, raw_data: bytes, start: int) -> None:
        assert may_write.wait(WAIT_SECONDS)
        original(self, raw_data, start)

    async def upload_to_a_slow_disk() -> None:
        read_bytes: list[int] = []
        has_read_on = asyncio.Event()

        async def body() -> AsyncIterator[bytes]:
            yield file_part(b"")[:-2]
            for _ in range(20):
                read_bytes.append(BLOCK_BYTES // 4)
                if sum(read_bytes) > 2 * BLOCK_BYTES:
                    has_read_on.set()
                yield b"x" * (BLOCK_BYTES // 4)
            yield b"\r\n" + END

        upload = asyncio.create_task(receive_upload(body(), CONTENT_TYPE, None))
        await has_read_on.wait()
        for _ in range(LOOP_TURNS):
            await asyncio.sleep(0)
        assert sum(read_bytes) == 3 * BLOCK_BYTES
        may_write.set()
        with await upload as spooled:
            assert spooled.size == 5 * BLOCK_BYTES

    monkeypatch.setattr(SpoolUploadHandler, "receive_data_chunk", write_later)
    asyncio.run(upload_to_a_slow_disk())
