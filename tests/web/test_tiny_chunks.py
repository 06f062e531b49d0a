"""A body in tiny chunks, which costs the parser most, keeps nobody else waiting for long."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from contextlib import aclosing
from types import SimpleNamespace
from typing import Any

import pytest
from gunicorn.asgi.protocol import ASGIProtocol

from processing.web import turns
from processing.web.body import RequestBody
from processing.web.chunk_joiner import JOIN_BELOW_BYTES, ChunkJoiner
from processing.web.connection import READ_MOST_BYTES, READ_TINY_BYTES, Connection
from tests.service import Service
from tests.web.wire import exchange, write_head

CHUNK_COUNT = 20_000


def test_small_pieces_are_joined_and_large_ones_keep_their_place() -> None:
    received: list[bytes] = []
    joiner = ChunkJoiner(received.append)
    large = b"L" * JOIN_BELOW_BYTES
    for piece in (b"a", b"b", large, b"c", b"d"):
        joiner.add(piece)
    joiner.flush()
    joiner.flush()
    assert received == [b"ab", large, b"cd"]
    assert (joiner.take_count(), joiner.take_count()) == (5, 0)


def test_a_body_that_never_has_to_wait_gives_others_their_turn(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(turns, "TURN_SECONDS", 0.0)

    async def receive() -> Mapping[str, Any]:
        return {"type": "http.request", "body": b"x", "more_body": True}

    async def scenario() -> None:
        other = asyncio.create_task(asyncio.sleep(0))
        body = RequestBody(receive, [(b"transfer-encoding", b"chunked")])
        async with aclosing(body.chunks()) as chunks:
            for _ in range(10):
                await anext(chunks)
        assert other.done()

    asyncio.run(scenario())


def write_tiny_chunks(path: str, content: bytes, **headers: str) -> bytes:
    head = write_head("POST", path, Transfer_Encoding="chunked", **headers)
    return head + b"".join(b"1\r\n%c\r\n" % byte for byte in content) + b"0\r\n\r\n"


def test_it_arrives_as_it_was_sent(service: Service) -> None:
    body = json.dumps("".join(chr(32 + number % 90) for number in range(CHUNK_COUNT))).encode()
    request = write_tiny_chunks("/process_data", body, Content_Type="application/json")
    assert exchange(service, request).status == 202
    [(payload,)] = service.query(
        "SELECT body FROM processing_jobpayload JOIN processing_job ON processing_job.id = job_id"
        " WHERE source_bytes = ?",
        len(body),
    )
    assert bytes(payload) == body


def test_reads_are_short_as_long_as_chunks_are_tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one read brings is parsed before anybody else has a turn."""
    chunks: list[bytes] = []

    def parse(connection: Connection, data: bytes) -> None:
        for chunk in chunks:
            connection._on_body(chunk)

    monkeypatch.setattr(ASGIProtocol, "data_received", parse)
    connection = Connection.__new__(Connection)
    received: list[bytes] = []
    connection._joiner = ChunkJoiner(received.append)
    connection._read_bytes = READ_MOST_BYTES
    connection.transport = SimpleNamespace(max_size=0)
    chunks[:] = [b"x"] * 1000
    connection.data_received(b"1\r\nx\r\n" * 1000)
    assert connection.transport.max_size == READ_TINY_BYTES
    assert received == [b"x" * 1000]
    chunks[:] = [b"y" * READ_TINY_BYTES]
    connection.data_received(chunks[0])
    assert connection.transport.max_size == READ_MOST_BYTES


@pytest.mark.parametrize("path", ["/process_data", "/upload_file", "/uploads/"])
def test_what_is_not_chunked_right_is_a_problem_document(service: Service, path: str) -> None:
    answer = exchange(service, write_head("POST", path, Transfer_Encoding="chunked") + b"zz\r\nx")
    assert answer.status in {400, 412, 415}, "whichever is seen first"
    assert answer.headers["content-type"] == "application/problem+json"
