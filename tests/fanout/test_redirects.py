from __future__ import annotations

import asyncio

import pytest
from pytest_django import Settings

from processing.fanout.fetch import fetch_all
from processing.fanout.fetched import Fetched
from processing.fanout.targets import parse_targets
from tests.fanout.upstream import fetch_from, reply, serve_upstream, wait_until


def code_of(fetched: Fetched) -> str | None:
    return fetched.error and fetched.error.code


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_followed(status: int) -> None:
    routes = {"/": reply(status=status, Location="/end"), "/end": reply(b"arrived")}
    [fetched] = fetch_from(routes, "/")
    assert (fetched.status, fetched.text) == (200, "arrived")
    assert fetched.url.endswith("/")


def test_five_redirects_are_followed_and_six_are_not() -> None:
    routes = {f"/{left}": reply(status=302, Location=f"/{left - 1}") for left in range(1, 7)}
    routes["/0"] = reply(b"arrived")
    five, six = fetch_from(routes, "/5", "/6")
    assert five.text == "arrived"
    assert code_of(six) == "too_many_redirects"


def test_a_loop_ends() -> None:
    [fetched] = fetch_from({"/": reply(status=302, Location="/")}, "/")
    assert code_of(fetched) == "too_many_redirects"


def test_a_status_that_could_redirect_but_names_no_place_is_an_answer() -> None:
    [fetched] = fetch_from({"/": reply(b"choose", status=302)}, "/")
    assert (fetched.ok, fetched.status, fetched.text) == (True, 302, "choose")


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("http://169.254.169.254/latest/meta-data/", "forbidden_address"),
        ("http://[::ffff:169.254.169.254]/", "forbidden_address"),
        ("http://0.0.0.0/", "forbidden_address"),
        ("//169.254.169.254/", "forbidden_address"),
        ("http://user:pass@127.0.0.1/", "bad_response"),
        ("http://2852039166/", "bad_response"),
        ("file:///etc/passwd", "bad_response"),
        ("http://127.0.0.1:99999/", "bad_response"),
        ("http://[::1", "bad_response"),
        ("http://xn--/", "bad_response"),
        ("http://exa\tmple/", "bad_response"),
    ],
)
def test_a_redirect_to_a_forbidden_place_is_not_followed(
    location: str, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    [fetched] = fetch_from({"/": reply(status=302, Location=location)}, "/")
    assert code_of(fetched) == code
    assert not [record for record in caplog.records if record.levelname == "WARNING"]


def test_every_hop_is_matched_against_the_allowed_hosts(settings: Settings) -> None:
    settings.EXTERNAL_ALLOWED_HOSTS = ["127.0.0.1"]

    async def run() -> None:
        async with serve_upstream({"/secret": reply(b"secret")}) as other:
            away = other.url("/secret").replace("127.0.0.1", "localhost")
            async with serve_upstream({"/": reply(status=302, Location=away)}) as upstream:
                [fetched] = await fetch_all(parse_targets([upstream.url("/")]))
            assert code_of(fetched) == "host_not_allowed"
            assert other.connection_count == 0

    asyncio.run(run())


def test_the_body_of_a_redirect_is_not_read() -> None:
    async def redirect(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: /end\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1000\r\n" + bytes(0x1000) + b"\r\n")
            await writer.drain()

    async def run() -> None:
        routes = {"/": redirect, "/end": reply(b"arrived")}
        async with serve_upstream(routes) as upstream:
            [fetched] = await fetch_all(parse_targets([upstream.url("/")]))
            assert fetched.text == "arrived"
            await wait_until(lambda: upstream.open_count == 1)

    asyncio.run(run())
