"""What the clients of the bench of fan-outs take for an answer, and the upstream that they mean."""

from __future__ import annotations

import http.client
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

import pytest

from bench.fanout.answer import judge
from bench.fanout.asker import Asker
from bench.fanout.plan import Plan, write_get
from bench.load_line.run import run_upstream

REFUSAL = b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"
WHOLE = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n"


def make_plan(port: int = 0, **given: object) -> Plan:
    values = {
        "ports": [port],
        "request": write_get("/", is_last=True),
        "client_count": 1,
        "seconds": 0.3,
        "least_bytes": 10,
    }
    return Plan(**{**values, **given})  # type: ignore[arg-type]


@contextmanager
def serve(answers: Sequence[bytes]) -> Iterator[int]:
    """A server that gives each answer once, and the last one again and again."""
    left = list(answers)

    def answer_all() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.recv(65_536)
                connection.sendall(left.pop(0) if len(left) > 1 else left[0])

    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        thread = threading.Thread(target=answer_all)
        thread.start()
        try:
            yield listener.getsockname()[1]
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize(
    ("received", "failure"),
    [
        (WHOLE, ""),
        (CHUNKED + b"0\r\n\r\n", ""),
        (CHUNKED, "200, cut short"),
        (WHOLE[:-1], "200, cut short"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", "200, not all URLs answered"),
        (b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", "answered 500"),
        (b"HTTP/1.1 503 Oh\r\nContent-Length: 0\r\n\r\n", "answered 503"),
        (b"", "answered nothing"),
    ],
)
def test_only_a_whole_answer_with_all_bodies_is_one(received: bytes, failure: str) -> None:
    plan = make_plan(least_bytes=len(WHOLE))
    assert judge(received, len(received), received, plan, 0.1).failure == failure


def test_refusals_are_counted_and_asked_again() -> None:
    with serve([REFUSAL, REFUSAL, WHOLE]) as port:
        told = Asker(plan=make_plan(port)).run()
    assert told["refused"] == 2
    assert told["accepted"] > 0
    assert told["failures"] == {}


def test_failures_are_counted_by_their_reason() -> None:
    with serve([b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n", WHOLE[:-1], WHOLE]) as port:
        told = Asker(plan=make_plan(port, seconds=0.6)).run()
    assert told["failures"] == {"answered 500": 1, "200, cut short": 1}
    assert told["accepted"] > 0


def test_the_upstream_answers_late_and_whole_again_and_again() -> None:
    with run_upstream(20_000_000, 40) as upstream:
        with closing(http.client.HTTPConnection("127.0.0.1", upstream.port, timeout=10)) as client:
            for _ in range(2):
                began = time.monotonic()
                client.request("GET", "/1")
                answer = client.getresponse()
                assert time.monotonic() - began >= 0.04
                assert answer.read() == b"u" * 20_000_000
        plan = make_plan(upstream.port, client_count=4, answer_bytes=upstream.answer_bytes)
        told = Asker(plan=plan).run()
    assert told["accepted"] >= 4
    assert told["failures"] == {}
    assert told["p50_ms"] >= 40
