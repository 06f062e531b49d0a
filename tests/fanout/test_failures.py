from __future__ import annotations

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pytest_django import Settings

from processing.fanout import client, patience
from processing.fanout.failures import explain_error
from processing.fanout.fetch import fetch_all
from processing.fanout.fetched import Fetched
from processing.fanout.targets import parse_targets
from tests.fanout.upstream import Upstream, fetch_from, hang, reply, send, serve_upstream

CERTIFICATE = Path(__file__).with_name("localhost.pem")  # self-signed, for these tests only


def code_of(fetched: Fetched) -> str | None:
    return fetched.error and fetched.error.code


def fetch_urls(*urls: str) -> list[Fetched]:
    async def run() -> list[Fetched]:
        return await fetch_all(parse_targets(urls))

    return asyncio.run(run())


def fetch_over_tls(choose: Callable[[Upstream], str]) -> Fetched:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)

    async def run() -> Fetched:
        async with serve_upstream({"/": reply(b"secret")}, tls=context) as upstream:
            [fetched] = await fetch_all(parse_targets([choose(upstream)]))
            return fetched

    return asyncio.run(run())


@pytest.fixture
def resolve_to(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Make every name resolve to the given addresses."""

    def patch(*addresses: str) -> None:
        def getaddrinfo(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
            return [
                (socket.AF_INET6, socket.SOCK_STREAM, 6, "", (address, port, 0, 0))
                if ":" in address
                else (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))
                for address in addresses
            ]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return patch


def test_a_refused_connection_is_connect_failed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    [fetched] = fetch_urls(f"http://127.0.0.1:{port}/")
    assert code_of(fetched) == "connect_failed"


def test_an_unknown_name_is_connect_failed() -> None:
    [fetched] = fetch_urls("http://no-such-name.invalid/")
    assert code_of(fetched) == "connect_failed"
    assert fetched.error is not None
    assert fetched.error.message == "The host name could not be resolved."


@pytest.mark.parametrize(
    "addresses",
    [
        ("127.0.0.1",),
        ("10.0.0.1", "127.0.0.1"),
        ("127.0.0.1", "::1"),
        ("fd00:ec2::254", "::ffff:127.0.0.1", "169.254.169.254"),
    ],
)
def test_a_name_that_resolves_to_forbidden_addresses_is_told_as_such(
    addresses: tuple[str, ...], resolve_to: Callable[..., None], settings: Settings
) -> None:
    settings.EXTERNAL_ALLOW_PRIVATE = False
    resolve_to(*addresses)
    [fetched] = fetch_urls("http://rebound.example/")
    assert code_of(fetched) == "forbidden_address"
    assert fetched.error is not None
    assert not any(address in fetched.error.message for address in addresses)


def test_nothing_connects_to_a_private_address_by_name_or_literal(settings: Settings) -> None:
    settings.EXTERNAL_ALLOW_PRIVATE = False

    async def run() -> None:
        async with serve_upstream({"/": reply(b"secret")}) as upstream:
            port = upstream.base.rpartition(":")[2]
            hosts = [
                "127.0.0.1",
                "localhost",
                "[::ffff:127.0.0.1]",
                "127。0。0。1",
                "0.0.0.0",
                "[::]",
            ]
            fetched = await fetch_all(parse_targets([f"http://{host}:{port}/" for host in hosts]))
            assert {code_of(outcome) for outcome in fetched} == {"forbidden_address"}
            assert upstream.connection_count == 0

    asyncio.run(run())


def test_a_host_that_is_not_allowed_is_never_resolved(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        pytest.fail("resolved")

    settings.EXTERNAL_ALLOWED_HOSTS = ["other.example"]
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    [fetched] = fetch_urls("http://not-allowed.example/")
    assert code_of(fetched) == "host_not_allowed"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nab\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"SSH-2.0-OpenSSH_9.6\r\n",
        b"HTTP/1.1 9999 What\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n" + b"X: a\r\n" * 10_000 + b"\r\n",
    ],
)
def test_an_answer_that_breaks_off_or_is_malformed_is_a_bad_response(data: bytes) -> None:
    [fetched] = fetch_from({"/": send(data, then_close=True)}, "/")
    assert code_of(fetched) == "bad_response"


def test_an_answer_that_stops_is_a_timeout_after_the_seconds_of_a_url(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def send_half(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc")
        await writer.drain()
        await hang(reader, writer)

    monkeypatch.setattr(patience, "URL_SECONDS", 0.2)
    [fetched] = fetch_from({"/": send_half}, "/", deadline_seconds=8)
    assert code_of(fetched) == "timeout"
    assert fetched.elapsed_ms < 5000


def test_a_handshake_longer_than_the_connect_timeout_is_a_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(client, "CONNECT_TIMEOUT_SECONDS", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        [fetched] = fetch_urls(f"https://127.0.0.1:{silent.getsockname()[1]}/")
    assert code_of(fetched) == "timeout"
    assert fetched.elapsed_ms < 5000


def test_an_untrusted_certificate_is_tls_failed() -> None:
    assert code_of(fetch_over_tls(lambda upstream: upstream.url("/"))) == "tls_failed"


def test_a_trusted_certificate_is_taken_for_its_own_names_only(
    monkeypatch: pytest.MonkeyPatch, resolve_to: Callable[..., None]
) -> None:
    trusting = ssl.create_default_context(cafile=str(CERTIFICATE))
    monkeypatch.setattr(client, "_load_tls_context", lambda: trusting)
    assert fetch_over_tls(lambda upstream: upstream.url("/")).text == "secret"
    resolve_to("127.0.0.1")
    by_other_name = fetch_over_tls(
        lambda upstream: upstream.url("/").replace("127.0.0.1", "other.example")
    )
    assert code_of(by_other_name) == "tls_failed"


def test_https_to_a_port_that_speaks_http_is_tls_failed() -> None:
    async def refuse(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    async def run() -> None:
        async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            [fetched] = await fetch_all(parse_targets([f"https://127.0.0.1:{port}/"]))
            assert code_of(fetched) == "tls_failed"

    asyncio.run(run())


def test_an_unknown_exception_is_logged_and_a_bad_response(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with caplog.at_level(logging.WARNING):
        failure = explain_error(ZeroDivisionError("internal detail"))
    assert failure.code == "bad_response"
    assert "internal detail" not in failure.message
    assert caplog.records[0].exc_info


def test_a_cause_is_found_however_deep_it_lies() -> None:
    outer = aiohttp.ClientError("outer")
    outer.__cause__ = OSError("middle")
    outer.__cause__.__context__ = ssl.SSLError("inner")
    assert explain_error(outer).code == "tls_failed"
