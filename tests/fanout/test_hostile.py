"""Upstreams that want to harm: each ends in time and memory, and a neighbour gets its answer."""

from __future__ import annotations

import asyncio
import gzip
import time
import tracemalloc
import zlib

import pytest
from pytest_django import Settings

from processing.fanout.client import get_client
from processing.fanout.fetch import fetch_all
from processing.fanout.fetched import Fetched
from processing.fanout.targets import parse_targets
from tests.fanout.upstream import (
    Handler,
    drip,
    hang,
    pour,
    reply,
    reset,
    send,
    serve_upstream,
    wait_until,
)

DEADLINE_SECONDS = 1.0
#: What a busy machine may add.
PATIENCE_SECONDS = 5.0
#: An answer in as many pieces as one takes that is much larger, with less work for the test.
LIMIT_BYTES = 8_192
#: Two connections, the upstream's own side, and a body.
MEMORY_BYTES = 4_000_000

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def make_bomb() -> bytes:
    """A gzip body of about 1 MB that inflates to 1 GB."""
    deflater = zlib.compressobj(level=9, wbits=-15)
    block = deflater.compress(bytes(1_048_576)) + deflater.flush(zlib.Z_FULL_FLUSH)
    return gzip.compress(b"")[:10] + block * 1_000


BOMB = make_bomb()
NESTED = gzip.compress(gzip.compress(BOMB))


def send_later(beginning: bytes, rest: bytes) -> Handler:
    """Write `beginning`, and `rest` when that has certainly been read."""

    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(beginning)
        await asyncio.sleep(0.2)
        writer.write(rest)

    return handle


TIMEOUTS = {
    "never answers": hang,
    "drips a status line": drip(b"HTTP/1.1 200 " + b"O" * 1_000),
    "drips headers": drip(OK + b"X: a\r\n" * 100),
    "drips a body": drip(OK + b"Content-Length: 1000\r\n\r\n" + b"a" * 1_000),
    "drips chunks": drip(CHUNKED + b"1\r\na\r\n" * 100),
    "endless chunk size": pour(CHUNKED, b"0" * 4_096),
    "endless chunk extension": pour(CHUNKED + b"1;x=", b"a" * 4_096),
    "endless 100 Continue": pour(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "endless 103 Early Hints": pour(b"", b"HTTP/1.1 103 Hints\r\nLink: </a>\r\n\r\n" * 100),
}
BAD = {
    "resets in mid-body": reset,
    "endless status line": pour(b"HTTP/1.1 200 ", b"O" * 4_096),
    "endless header": pour(OK + b"X: ", b"a" * 4_096),
    "endless headers": pour(OK, b"X: a\r\n" * 500),
    "endless trailer": pour(CHUNKED + b"1\r\na\r\n0\r\nX: ", b"a" * 4_096),
    "endless trailers": pour(CHUNKED + b"1\r\na\r\n0\r\n", b"X: a\r\n" * 500),
    "no chunk where one should be": send_later(CHUNKED + b"1\r\na\r\n", b"zz\r\n"),
    "two lengths": send(OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\na"),
    "length and chunks": send(
        OK + b"Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n"
    ),
}
LARGE = {
    "endless body": pour(OK + b"\r\n", b"a" * 4_096),
    "endless chunks": pour(CHUNKED, b"1000\r\n" + bytes(0x1000) + b"\r\n"),
    "a byte in each chunk": pour(CHUNKED, b"1\r\na\r\n" * 500),
    "a chunk of 2^63": pour(CHUNKED + b"7fffffffffffffff\r\n", b"a" * 4_096),
    "a length of 2^62": pour(OK + b"Content-Length: %d\r\n\r\n" % 2**62, b"a" * 4_096),
    "a gzip bomb": reply(BOMB, Content_Encoding="gzip"),
    "a gzip bomb in chunks": pour(
        CHUNKED.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"),
        b"%x\r\n%b\r\n" % (len(BOMB), BOMB),
    ),
}
#: They are not asked for, so they are not even begun to be read.
CODINGS = [
    "deflate",
    "br",
    "zstd",
    "compress",
    "gzip, gzip",
    "gzip,deflate",
    "br, gzip",
    "gzip;q=1",
]


@pytest.fixture(autouse=True)
def small_answers(settings: Settings) -> None:
    settings.FANOUT_MAX_RESPONSE_BYTES = LIMIT_BYTES


async def meet(hostile: Handler, idle_count: int) -> tuple[Fetched, Fetched, float]:
    """Ask a hostile upstream and a good one in one request; also the seconds that it took.

    At most `idle_count` connections to the hostile one may be kept for later.
    """
    async with (
        serve_upstream({"/": hostile}) as upstream,
        serve_upstream({"/": reply(b"fine")}) as neighbour,
    ):
        await get_client()
        targets = parse_targets([upstream.url("/"), neighbour.url("/")])
        began_at = time.monotonic()
        bad, good = await fetch_all(targets, deadline_seconds=DEADLINE_SECONDS)
        took_seconds = time.monotonic() - began_at
        await wait_until(lambda: upstream.open_count <= idle_count)
    return bad, good, took_seconds


def expect(code: str, hostile: Handler, *, idle_count: int = 0) -> None:
    tracemalloc.start()
    try:
        bad, good, took_seconds = asyncio.run(meet(hostile, idle_count))
        peak_bytes = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert bad.error is not None
    assert (bad.error.code, bad.text) == (code, None)
    assert (good.text, good.error) == ("fine", None)
    assert took_seconds < DEADLINE_SECONDS + PATIENCE_SECONDS
    assert peak_bytes < MEMORY_BYTES


@pytest.mark.parametrize("hostile", TIMEOUTS.values(), ids=TIMEOUTS)
def test_who_takes_too_long_is_left_at_the_deadline(hostile: Handler) -> None:
    expect("timeout", hostile)


@pytest.mark.parametrize("hostile", BAD.values(), ids=BAD)
def test_who_speaks_no_http_is_left(hostile: Handler) -> None:
    expect("bad_response", hostile)


@pytest.mark.parametrize("hostile", LARGE.values(), ids=LARGE)
def test_who_says_too_much_is_left(hostile: Handler) -> None:
    expect("response_too_large", hostile)


def test_a_bomb_in_a_bomb_is_opened_once() -> None:
    expect("response_too_large", reply(gzip.compress(BOMB), Content_Encoding="gzip"), idle_count=1)


@pytest.mark.parametrize("coding", CODINGS)
def test_a_bomb_in_a_coding_that_was_not_asked_for_is_not_read(coding: str) -> None:
    expect("bad_response", reply(NESTED, Content_Encoding=coding), idle_count=1)


def test_a_coding_named_twice_is_not_read() -> None:
    head = OK + b"Content-Encoding: gzip\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n"
    expect("bad_response", send(head % len(NESTED) + NESTED), idle_count=1)


def test_trailers_and_chunk_extensions_of_an_honest_answer_are_passed_over() -> None:
    async def run() -> None:
        honest = send(CHUNKED + b"3;name=value\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n")
        async with serve_upstream({"/": honest}) as upstream:
            [fetched] = await fetch_all(parse_targets([upstream.url("/")]))
            assert (fetched.text, fetched.error) == ("abc", None)

    asyncio.run(run())


@pytest.mark.parametrize("extra", [b"more", OK + b"Content-Length: 6\r\n\r\npoison"])
def test_what_follows_an_answer_is_no_part_of_the_next(extra: bytes) -> None:
    async def answer(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + b"Content-Length: 3\r\n\r\nabc" + extra)

    async def run() -> None:
        async with serve_upstream({"/": answer, "/next": reply(b"good")}) as upstream:
            [fetched] = await fetch_all(parse_targets([upstream.url("/")]))
            assert fetched.text in ("abc", None)  # None where the rest came along with it
            [following] = await fetch_all(parse_targets([upstream.url("/next")]))
            assert following.text == "good"
            assert upstream.connection_count == 2

    asyncio.run(run())


def test_what_comes_while_a_connection_is_idle_is_no_answer_to_the_next() -> None:
    late = send_later(OK + b"Content-Length: 3\r\n\r\nabc", OK + b"Content-Length: 6\r\n\r\npoison")

    async def run() -> None:
        async with serve_upstream({"/": late, "/next": reply(b"good")}) as upstream:
            [fetched] = await fetch_all(parse_targets([upstream.url("/")]))
            assert fetched.text == "abc"
            [connections] = (await get_client()).session.connector._conns.values()
            [(idle, _)] = connections
            await wait_until(lambda: bool(idle._buffer))
            [following] = await fetch_all(parse_targets([upstream.url("/next")]))
            assert following.text == "good"
            assert upstream.connection_count == 2

    asyncio.run(run())
