from __future__ import annotations

import asyncio
import codecs
import gc
import gzip
import os
import zlib

import pytest
from pytest_django import Settings

from processing.fanout.bodies import PIECE_BYTES, Body
from processing.fanout.fetch import fetch_each
from processing.fanout.fetched import Fetched
from processing.fanout.targets import parse_targets
from tests.collector import no_collector
from tests.fanout.upstream import (
    Handler,
    fetch_from,
    reply,
    reset,
    send,
    serve_upstream,
    wait_until,
)

LIMIT_BYTES = 65_536  # as conftest.py sets it
HALF = b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc"


def test_a_gzip_body_is_inflated() -> None:
    [fetched] = fetch_from({"/": reply(gzip.compress(b"hello"), Content_Encoding="gzip")}, "/")
    assert (fetched.text, fetched.body_bytes, fetched.error) == ("hello", 5, None)


def test_a_body_of_the_limit_is_taken_and_one_byte_more_is_not() -> None:
    def zipped(size: int) -> Handler:
        return reply(gzip.compress(b"a" * size), Content_Encoding="gzip")

    routes = {
        "/plain": reply(b"a" * LIMIT_BYTES),
        "/plain+1": reply(b"a" * (LIMIT_BYTES + 1)),
        "/gzip": zipped(LIMIT_BYTES),
        "/gzip+1": zipped(LIMIT_BYTES + 1),
    }
    plain, plain_more, zip_, zip_more = fetch_from(routes, *routes)
    assert (plain.body_bytes, zip_.body_bytes) == (LIMIT_BYTES, LIMIT_BYTES)
    for fetched in (plain_more, zip_more):
        assert fetched.error is not None
        assert fetched.error.code == "response_too_large"
        assert (fetched.ok, fetched.text) == (False, None)


def test_gzip_that_inflates_to_nothing_is_counted_as_it_arrives() -> None:
    deflater = zlib.compressobj(wbits=31)
    empty_blocks = deflater.flush(zlib.Z_FULL_FLUSH)
    empty_blocks += b"\x00\x00\x00\xff\xff" * LIMIT_BYTES
    [fetched] = fetch_from({"/": reply(empty_blocks, Content_Encoding="gzip")}, "/")
    assert fetched.error is not None
    assert fetched.error.code == "response_too_large"


@pytest.mark.parametrize(
    ("body", "coding"),
    [
        (gzip.compress(b"hello" * 100, mtime=0)[:-9], "gzip"),
        (gzip.compress(b"hello", mtime=0) + b"x", "gzip"),
        (gzip.compress(b"hello", mtime=0) + gzip.compress(b"again", mtime=0), "gzip"),
        (gzip.compress(b"hello", mtime=0)[:10] + b"\xff" * 50, "gzip"),
        (b"not gzip at all", "gzip"),
        (zlib.compress(b"hello"), "deflate"),
        (b"hello", "br"),
        (b"hello", "zstd"),
        (b"hello", "gzip, gzip"),
        (b"hello", "x"),
    ],
)
def test_a_body_that_cannot_be_read_is_a_bad_response(body: bytes, coding: str) -> None:
    [fetched] = fetch_from({"/": reply(body, Content_Encoding=coding)}, "/")
    assert fetched.error is not None
    assert fetched.error.code == "bad_response"
    assert (fetched.ok, fetched.status, fetched.text) == (False, None, None)


def test_an_empty_body_may_claim_to_be_gzip() -> None:
    [fetched] = fetch_from({"/": reply(b"", Content_Encoding="gzip")}, "/")
    assert (fetched.ok, fetched.text) == (True, "")


def test_a_chunked_body_is_read_whole() -> None:
    chunked = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    )
    [fetched] = fetch_from({"/": send(chunked)}, "/")
    assert (fetched.text, fetched.body_bytes) == ("abcde", 5)


def test_a_body_may_end_with_its_connection() -> None:
    [fetched] = fetch_from({"/": send(b"HTTP/1.1 200 OK\r\n\r\nabc", then_close=True)}, "/")
    assert fetched.text == "abc"


def test_incompressible_gzip_over_the_limit_is_refused(settings: Settings) -> None:
    settings.FANOUT_MAX_RESPONSE_BYTES = 1000
    body = gzip.compress(os.urandom(1000))
    [fetched] = fetch_from({"/": reply(body, Content_Encoding="gzip")}, "/")
    assert fetched.error is not None
    assert fetched.error.message == (
        "The answer is larger than 1000 bytes (FANOUT_MAX_RESPONSE_BYTES)."
    )


def test_a_transfer_coding_is_undone_too() -> None:
    data = gzip.compress(b"good")
    framed = b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data)
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n"
    [fetched] = fetch_from({"/": send(head + framed)}, "/")
    assert fetched.text == "good"


@pytest.mark.parametrize("status", [204, 304])
def test_the_length_of_another_answers_body_is_none_of_this_ones(status: int) -> None:
    head = b"HTTP/1.1 %d Status\r\nContent-Length: %d\r\n\r\n" % (status, LIMIT_BYTES + 1)
    [fetched] = fetch_from({"/": send(head)}, "/")
    assert (fetched.status, fetched.text, fetched.error) == (status, "", None)


def test_pieces_are_of_one_size_however_the_bytes_come() -> None:
    body = Body()
    data = os.urandom(3 * PIECE_BYTES)
    for start in range(0, len(data), 100):
        body.add(data[start : start + 100])
    assert b"".join(body.pieces) == data
    assert body.length_bytes == len(data)
    assert [len(piece) for piece in body.pieces[:-1]] == [PIECE_BYTES - PIECE_BYTES % 100] * 3


def test_a_length_over_the_limit_is_refused_before_the_body_comes() -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {LIMIT_BYTES + 1}\r\n\r\n".encode()
    [fetched] = fetch_from({"/": send(head)}, "/", deadline_seconds=8)
    assert fetched.error is not None
    assert fetched.error.code == "response_too_large"


@pytest.mark.parametrize("lengths", [[], [1], [2], [1, 1], [1, PIECE_BYTES], [PIECE_BYTES]])
def test_a_byte_order_mark_is_seen_however_the_body_came(lengths: list[int]) -> None:
    text = "ü" * PIECE_BYTES
    data = codecs.BOM_UTF16_BE + text.encode("utf-16be")
    body, start = Body(), 0
    for length in [*lengths, len(data)]:
        body.add(data[start : start + length])
        start += length
    fetched = Fetched(
        url="",
        ok=True,
        status=200,
        content_type="text/plain",
        body=body,
        elapsed_ms=0,
        error=None,
    )
    assert fetched.text == text


def find_bodies() -> list[Body]:
    """All that are somewhere in memory."""
    return [each for each in gc.get_objects() if isinstance(each, Body)]


@pytest.mark.parametrize("broken", [reset, send(HALF, then_close=True)], ids=["reset", "cut short"])
def test_nothing_is_left_of_a_body_that_breaks_off(broken: Handler) -> None:
    with no_collector():
        [fetched] = fetch_from({"/": broken}, "/")
        assert fetched.error is not None
        assert not find_bodies()


def test_nothing_is_left_of_a_body_that_nobody_waits_for_any_more() -> None:
    async def run() -> None:
        async with (
            serve_upstream({"/": send(HALF)}) as upstream,
            fetch_each(parse_targets([upstream.url("/")])),
        ):
            await wait_until(lambda: any(body.length_bytes for body in find_bodies()))
        assert not find_bodies()

    with no_collector():
        asyncio.run(run())
