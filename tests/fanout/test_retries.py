"""Another attempt where one may help, as long as there is time for it."""

from __future__ import annotations

import asyncio
import socket
import time
from email.utils import formatdate

import pytest

from processing.fanout import retries
from processing.fanout.fetch import fetch_all
from processing.fanout.fetched import Fetched
from processing.fanout.retries import MOST_ATTEMPTS, pick_wait
from processing.fanout.targets import parse_targets
from tests.fanout.upstream import Handler, fetch_from, hang, reply, send, serve_upstream

REFUSED = reply(b"not now", status=503)
BREAKS_OFF = send(b"", then_close=True)
CUT = send(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf", then_close=True)


def in_turn(*handlers: Handler) -> Handler:
    """The first request is answered by the first of them, and all after the last by that one."""
    left = list(handlers)

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await (left.pop(0) if len(left) > 1 else left[0])(reader, writer)

    return handle


def fetch_counting(handler: Handler, *, deadline_seconds: float = 10.0) -> tuple[Fetched, int]:
    async def run() -> tuple[Fetched, int]:
        async with serve_upstream({"/": handler}) as upstream:
            targets = parse_targets([upstream.url("/")])
            [fetched] = await fetch_all(targets, deadline_seconds=deadline_seconds)
            return fetched, len(upstream.heads)

    return asyncio.run(run())


@pytest.mark.parametrize("first", [REFUSED, reply(status=429), reply(status=502), BREAKS_OFF, CUT])
def test_what_passes_is_asked_again(first: Handler) -> None:
    fetched, _ = fetch_counting(in_turn(first, reply(b"well")))
    assert (fetched.ok, fetched.text, fetched.error) == (True, "well", None)


def test_the_last_answer_counts() -> None:
    fetched, request_count = fetch_counting(REFUSED)
    assert (fetched.status, fetched.text, fetched.error) == (503, "not now", None)
    assert request_count == MOST_ATTEMPTS


@pytest.mark.parametrize("status", [200, 400, 404, 500, 501])
def test_what_will_not_change_is_asked_once(status: int) -> None:
    assert fetch_counting(reply(b"x", status=status))[1] == 1


def test_silence_is_not_asked_again() -> None:
    fetched, request_count = fetch_counting(hang, deadline_seconds=0.5)
    assert fetched.error is not None
    assert (fetched.error.code, request_count) == ("timeout", 1)


def test_a_refused_connection_is_tried_again() -> None:
    """The first attempt finds nobody; the server is there before the second."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    async def run() -> Fetched:
        retries_seen = asyncio.create_task(
            fetch_all(parse_targets([f"http://127.0.0.1:{port}/"]), deadline_seconds=5)
        )
        done, _ = await asyncio.wait({retries_seen}, timeout=0.05)
        assert not done, "it gave up at once"

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            await reply(b"up", Connection="close")(reader, writer)
            writer.close()

        async with await asyncio.start_server(answer, "127.0.0.1", port):
            [fetched] = await retries_seen
        return fetched

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(retries.random, "uniform", lambda least, most: 0.3)
        assert asyncio.run(run()).text == "up"


def test_retry_after_is_honoured() -> None:
    async def run() -> None:
        handler = in_turn(reply(status=503, Retry_After="1"), reply(b"well"))
        async with serve_upstream({"/": handler}) as upstream:
            began_at = time.monotonic()
            [fetched] = await fetch_all(parse_targets([upstream.url("/")]))
            assert fetched.text == "well"
            assert time.monotonic() - began_at >= 1.0

    asyncio.run(run())


@pytest.mark.parametrize(
    "asked", ["3600", formatdate(time.time() + 3600, usegmt=True)], ids=["seconds", "date"]
)
def test_an_upstream_that_wants_to_be_left_alone_is(asked: str) -> None:
    fetched, request_count = fetch_counting(reply(b"later", status=503, Retry_After=asked))
    assert (fetched.status, fetched.text, request_count) == (503, "later", 1)


def test_no_attempt_is_begun_that_has_no_time() -> None:
    handler = reply(b"later", status=503, Retry_After="1")
    fetched, request_count = fetch_counting(handler, deadline_seconds=1.0)
    assert (fetched.status, request_count) == (503, 1)


@pytest.mark.parametrize(
    "value",
    [
        *("", "soon", "-1", "1.5", "٣", "Wed, 99 Foo 2026"),
        "Wed, 21 Oct 2030 07:28:00 +99999999999999999999",
        "Wed, 21 Oct 99999999999999999999 07:28:00 GMT",
    ],
)
def test_a_retry_after_that_says_nothing_is_as_good_as_none(value: str) -> None:
    waits = [pick_wait(2, value) for _ in range(50)]
    assert 0 <= min(waits) < max(waits) <= 2 * retries.FIRST_WAIT_SECONDS


def test_zeros_before_a_number_of_seconds_change_nothing() -> None:
    assert (pick_wait(1, "0000000000005"), pick_wait(1, "000")) == (5.0, 0.0)


def test_waits_grow_up_to_a_bound_and_differ() -> None:
    longest = [max(pick_wait(attempt) for _ in range(300)) for attempt in (1, 3, 30)]
    assert longest[0] <= 0.2 < longest[1] <= 0.8 < longest[2] <= retries.MOST_WAIT_SECONDS


def test_a_neighbour_is_answered_meanwhile() -> None:
    outcomes = fetch_from({"/bad": BREAKS_OFF, "/good": reply(b"good")}, "/bad", "/good")
    assert [each.text for each in outcomes] == [None, "good"]
    assert outcomes[0].error is not None
    assert outcomes[0].error.code == "bad_response"
