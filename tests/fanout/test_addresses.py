from __future__ import annotations

import socket

import pytest
from pytest_django import Settings

from processing.fanout.addresses import ForbiddenAddress, is_allowed_address, open_socket

PUBLIC = [
    "1.1.1.1",
    "8.8.8.8",
    "93.184.215.14",
    "172.15.255.255",
    "172.32.0.1",
    "192.0.1.1",
    "100.63.255.255",
    "100.128.0.1",
    "198.17.255.255",
    "198.20.0.1",
    "223.255.255.255",
    "2606:4700:4700::1111",
    "2a00:1450:4001:80b::200e",
    "::ffff:8.8.8.8",
    "64:ff9b::808:808",
    "2002:808:808::1",
]

PRIVATE = [
    "127.0.0.1",
    "127.255.255.254",
    "10.0.0.1",
    "172.16.0.1",
    "172.31.255.255",
    "192.168.1.1",
    "::1",
    "0:0:0:0:0:0:0:1",
    "fc00::1",
    "fd12:3456:789a::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::ffff:10.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b::a00:1",
    "2002:7f00:1::",
    "2002:c0a8:101::1",
    "2001:0:4136:e378:8000:63bf:3f57:fefe",
]

NEVER = [
    "0.0.0.0",
    "0.1.2.3",
    "100.64.0.1",
    "100.127.255.255",
    "100.100.100.200",
    "169.254.169.254",
    "169.254.170.2",
    "192.0.0.1",
    "192.0.0.8",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
    "168.63.129.16",
    "::",
    "::127.0.0.1",
    "::8.8.8.8",
    "::ffff:0:127.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::7f00:1",
    "64:ff9b:1::808:808",
    "2002:a9fe:a9fe::1",
    "2001:db8::1",
    "2001:2::1",
    "2001:20::1",
    "3fff::1",
    "5f00::1",
    "100::1",
    "fe80::1",
    "fe80::1%eth0",
    "fe80::1%1",
    "2606:4700:4700::1111%1",
    "fec0::1",
    "ff02::1",
    "fd00:ec2::254",
    "fd20:ce::254",
]

NO_ADDRESS = [
    "",
    "localhost",
    "127.1",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "2130706433",
    "127.0.0.1.",
    "127.0.0.01",
    " 127.0.0.1",
    "１２７.0.0.1",
    "[::1]",
    "8.8.8.8/32",
]


@pytest.mark.parametrize("address", PUBLIC)
def test_a_global_address_is_allowed(address: str, settings: Settings) -> None:
    settings.EXTERNAL_ALLOW_PRIVATE = False
    assert is_allowed_address(address)


@pytest.mark.parametrize("address", PRIVATE + NEVER + NO_ADDRESS)
def test_what_is_not_global_is_refused(address: str, settings: Settings) -> None:
    settings.EXTERNAL_ALLOW_PRIVATE = False
    assert not is_allowed_address(address)


@pytest.mark.parametrize("address", PUBLIC + PRIVATE)
def test_private_addresses_can_be_opened_by_the_setting(address: str) -> None:
    assert is_allowed_address(address)


@pytest.mark.parametrize("address", NEVER + NO_ADDRESS)
def test_the_setting_opens_nothing_else(address: str) -> None:
    assert not is_allowed_address(address)


@pytest.mark.parametrize(
    ("family", "destination"),
    [
        (socket.AF_INET, ("169.254.169.254", 80)),
        (socket.AF_INET6, ("fe80::1", 80, 0, 2)),
        (socket.AF_INET6, ("2606:4700:4700::1111", 80, 0, 2)),
    ],
)
def test_no_socket_is_opened_for_a_forbidden_destination(
    family: int, destination: tuple[object, ...]
) -> None:
    with pytest.raises(ForbiddenAddress):
        open_socket((family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", destination))


def test_the_refusal_does_not_name_the_address() -> None:
    with pytest.raises(ForbiddenAddress) as refusal:
        open_socket((socket.AF_INET, socket.SOCK_STREAM, 0, "", ("169.254.169.254", 80)))
    assert "169" not in str(refusal.value)
