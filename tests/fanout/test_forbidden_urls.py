"""Every way to write an address that may not be reached, from the URL to the socket; and names."""

from __future__ import annotations

import asyncio
import errno
import itertools
import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pytest_django import Settings

from processing.errors import InvalidURL
from processing.fanout import addresses
from processing.fanout.client import get_client
from processing.fanout.fetch import fetch_all
from processing.fanout.fetched import Fetched
from processing.fanout.retries import MOST_ATTEMPTS
from processing.fanout.targets import parse_targets
from tests.fanout.upstream import reply, serve_upstream

#: Loopback addresses of this machine: the one stands for the internet, the other for our network.
OUTSIDE, INSIDE = "127.0.0.2", "127.0.0.1"

ODD_SPELLINGS = [
    "127.1", "127.0.1", "0", "2130706433", "2852039166", "0x7f000001", "0x7f.1", "0X7F.0.0.1",
    "0177.0.0.1", "017700000001", "0251.0376.0251.0376", "0xa9fea9fe", "127.0.0.01", "127.0.0.1.",
    "169.254.169.254.", "127.0.0.256", "127.0.0.1.5", "１２７.0.0.1", "①②⑦.⓪.⓪.①",
    "２１３０７０６４３３", "127%2e0%2e0%2e1", "%31%32%37.0.0.1", "127.0.0.1%00", "127.0.0.1%20",
    "[127.0.0.1]", "[::1", "::1", "[::1%25lo]", "[fe80::1%25eth0]", "[fe80::1%2]",
    "[::ffff:127.1]", "[0:0:0:0:0:0:0:0:1]", "user@127.0.0.1", "user:pass@[::1]",
    "good.example@127.0.0.1", "good.example:80@127.0.0.1", "good.example\\@127.0.0.1",
    "127.0.0.1\\.good.example", "127.0.0.1:0", "127.0.0.1:65536", "127.0.0.1:+80",
    "127.0.0.1:８０", "xn--127", "a..b", ".",
]  # fmt: skip

FORBIDDEN = [
    "0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.254", "100.100.100.200",
    "127.0.0.1", "127.255.255.254", "127。0。0。1", "169.254.169.254", "169.254.170.2",
    "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.8", "192.0.0.192", "192.0.2.1",
    "192.88.99.1", "192.168.1.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "168.63.129.16",
    "10.0.0.1:22", "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[::127.0.0.1]", "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]", "[::ffff:169.254.169.254]", "[::FFFF:A9FE:A9FE]", "[::ffff:0:127.0.0.1]",
    "[64:ff9b::7f00:1]", "[64:ff9b::169.254.169.254]", "[64:ff9b:1::1]", "[2002:7f00:1::1]",
    "[2002:a9fe:a9fe::]", "[2002:a00:1::1]", "[2001:0:4136:e378:8000:63bf:3f57:fefe]",
    "[2001::1]", "[2001:2::1]", "[2001:10::1]", "[2001:20::1]", "[2001:db8::1]", "[3fff::1]",
    "[5f00::1]", "[100::1]", "[fc00::1]", "[fd00:ec2::254]", "[fd20:ce::254]", "[fe80::1]",
    "[fec0::1]", "[ff02::1]",
]  # fmt: skip

LEGAL = [
    "1.1.1.1", "8.8.8.8:8080", "93.184.215.14", "172.15.255.255", "172.32.0.1", "100.63.255.255",
    "100.128.0.1", "192.0.1.1", "198.17.255.255", "198.20.0.1", "223.255.255.255", "8。8。8。8",
    "[2606:4700:4700::1111]", "[2a00:1450:4001:80b::200e]:8443", "[::ffff:8.8.8.8]",
    "[64:ff9b::808:808]", "[2002:808:808::1]",
]  # fmt: skip


def code_of(fetched: Fetched) -> str | None:
    return fetched.error and fetched.error.code


@pytest.fixture(autouse=True)
def closed(settings: Settings) -> None:
    settings.EXTERNAL_ALLOW_PRIVATE = False


@pytest.fixture
def sockets(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The families of the sockets that were opened for connections; none of them is made."""
    opened: list[int] = []

    def refuse(family: int, *_: Any) -> None:
        opened.append(family)
        raise OSError(errno.ENETUNREACH, "no network in this test")

    class NoSocket:
        def __getattr__(self, name: str) -> Any:
            return refuse if name == "socket" else getattr(socket, name)

    monkeypatch.setattr(addresses, "socket", NoSocket())
    return opened


@pytest.fixture
def opened_outside(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """OUTSIDE may be reached, INSIDE may not."""
    settings.EXTERNAL_ALLOW_PRIVATE = True
    monkeypatch.setattr(addresses, "_PRIVATE", addresses._networks(f"{OUTSIDE}/32"))


def fetch_hosts(*hosts: str) -> list[Fetched]:
    async def run() -> list[Fetched]:
        return await fetch_all(parse_targets([f"http://{host}/" for host in hosts]))

    return asyncio.run(run())


@pytest.mark.parametrize("host", ODD_SPELLINGS)
def test_a_spelling_that_others_read_as_an_address_is_no_url(host: str) -> None:
    with pytest.raises(InvalidURL):
        fetch_hosts(host)


def test_no_socket_is_opened_for_any_forbidden_address(
    sockets: list[int], settings: Settings
) -> None:
    settings.FANOUT_MAX_URLS = len(FORBIDDEN)
    codes = dict(zip(FORBIDDEN, map(code_of, fetch_hosts(*FORBIDDEN)), strict=True))
    assert codes == dict.fromkeys(FORBIDDEN, "forbidden_address")
    assert sockets == []


def test_a_socket_is_opened_for_every_legal_address(sockets: list[int]) -> None:
    codes = dict(zip(LEGAL, map(code_of, fetch_hosts(*LEGAL)), strict=True))
    assert codes == dict.fromkeys(LEGAL, "connect_failed")
    assert len(sockets) == MOST_ATTEMPTS * len(LEGAL)
    assert len(LEGAL) >= 10


@pytest.fixture
def resolve(monkeypatch: pytest.MonkeyPatch) -> Callable[[Iterator[list[str]]], None]:
    """Have a resolver that answers each question about a name with the next addresses."""

    def use(answers: Iterator[list[str]]) -> None:
        def getaddrinfo(_: str, port: int, *__: Any, **___: Any) -> list[Any]:
            found = next(answers)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (each, port)) for each in found]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)

    return use


def test_a_name_that_rebinds_never_leads_inside(
    opened_outside: None, resolve: Callable[[Iterator[list[str]]], None]
) -> None:
    """Whatever it resolves to next, what was checked is what is connected to."""
    asked = itertools.count()
    answers = itertools.cycle(
        [[OUTSIDE], [INSIDE], [OUTSIDE, INSIDE], [INSIDE, OUTSIDE], [INSIDE, INSIDE]]
    )

    async def run() -> None:
        async with serve_upstream({"/": reply(b"outside")}, host=OUTSIDE) as outside:
            port = outside.base.rpartition(":")[2]
            inside = await asyncio.start_server(lambda *_: reached.append(1), INSIDE, int(port))
            async with inside:
                resolve(answers)
                outcomes = [
                    (
                        await fetch_all(
                            parse_targets([f"http://rebinds{next(asked)}.example:{port}/"])
                        )
                    )[0]
                    for _ in range(15)
                ]
        assert [outcome.text for outcome in outcomes] == [
            "outside",
            None,
            "outside",
            "outside",
            None,
        ] * 3
        assert {code_of(outcome) for outcome in outcomes} == {None, "forbidden_address"}
        assert reached == []

    reached: list[int] = []
    asyncio.run(run())


@pytest.mark.parametrize("last", [f"http://{INSIDE}:{{port}}/", "http://169.254.169.254/latest/"])
def test_a_chain_of_redirects_never_leads_inside(opened_outside: None, last: str) -> None:
    async def run() -> None:
        async with serve_upstream({"/": reply(b"secret")}, host=INSIDE) as inside:
            end = last.format(port=inside.base.rpartition(":")[2])
            routes = {
                "/1": reply(status=301, Location="/2"),
                "/2": reply(status=307, Location="/3"),
                "/3": reply(status=302, Location=end),
                "/fine": reply(b"fine"),
            }
            async with serve_upstream(routes, host=OUTSIDE) as outside:
                await get_client()
                chain, fine = await fetch_all(
                    parse_targets([outside.url("/1"), outside.url("/fine")])
                )
            assert (code_of(chain), fine.text) == ("forbidden_address", "fine")
            assert inside.connection_count == 0

    asyncio.run(run())


@pytest.mark.parametrize("scheme", ["file", "ftp", "gopher", "data", "javascript", "unix", "ws"])
def test_a_redirect_to_another_scheme_is_not_followed(opened_outside: None, scheme: str) -> None:
    async def run() -> None:
        away = reply(status=302, Location=f"{scheme}://{OUTSIDE}/etc/passwd")
        async with serve_upstream({"/": away, "/fine": reply(b"fine")}, host=OUTSIDE) as outside:
            bad, fine = await fetch_all(parse_targets([outside.url("/"), outside.url("/fine")]))
            assert (code_of(bad), fine.text) == ("bad_response", "fine")

    asyncio.run(run())
