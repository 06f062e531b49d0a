"""Which IP addresses may be connected to: the one choke point against SSRF.

`open_socket` is the connector's socket factory. It sees every address, resolved or literal, on
every hop, just before that same address is connected to, so there is no gap for DNS rebinding.
"""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

from django.conf import settings

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network


def _networks(*texts: str) -> tuple[Network, ...]:
    return tuple(ipaddress.ip_network(text) for text in texts)


# IANA IPv4 Special-Purpose Address Registry (what it marks as not globally reachable, and the
# retired 6to4 relay 192.88.99.0/24) and multicast. Written out because `is_global` differs
# between Python's patch releases: 3.11.7 says True for 192.0.0.8, 64:ff9b:1::1 and ::127.0.0.1.
_REFUSED_IPV4 = _networks(
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.88.99.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/4",
    "240.0.0.0/4",
)

# The only IPv6 block that IANA gives out as global unicast, and what is special inside it.
_GLOBAL_IPV6 = ipaddress.IPv6Network("2000::/3")
_REFUSED_IPV6 = _networks("2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")

# RFC 6052: the last 32 bits are an IPv4 address. (64:ff9b:1::/48, RFC 8215, is for local use and
# embeds at an unknown place; it lies outside 2000::/3 and so is refused.)
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")

# What EXTERNAL_ALLOW_PRIVATE opens: loopback, RFC 1918 and unique local addresses. Link-local
# stays shut, because clouds serve credentials at 169.254.169.254.
_PRIVATE = _networks(
    "127.0.0.0/8", "::1/128", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"
)

# Cloud services that hand out credentials at addresses that the tables above would let pass:
# Azure's WireServer and the IPv6 metadata addresses of AWS and Google Cloud.
_CLOUD_METADATA = frozenset(
    ipaddress.ip_address(text) for text in ("168.63.129.16", "fd00:ec2::254", "fd20:ce::254")
)


class ForbiddenAddress(OSError):
    """The address may not be reached from here.

    An OSError, because aiohappyeyeballs reports nothing else, and with one text for all, because
    it raises the original exception only where all attempts failed with the same text.
    """

    def __init__(self) -> None:
        super().__init__("the address may not be reached from here")


def open_socket(addr_info: tuple[Any, ...]) -> socket.socket:
    """Open the socket for one `getaddrinfo` row, or raise ForbiddenAddress."""
    family, kind, protocol, _, destination = addr_info
    host, _port, *flow_and_scope = destination
    if any(flow_and_scope) or not is_allowed_address(host):
        raise ForbiddenAddress
    return socket.socket(family, kind, protocol)


def is_allowed_address(text: str) -> bool:
    """Whether a connection to the IP address `text` may be made.

    False for everything that is not a global unicast address (or, with EXTERNAL_ALLOW_PRIVATE, a
    loopback or private one), for an address with a scope id, and for what is no address at all.
    Addresses that carry an IPv4 address (mapped, NAT64, 6to4, Teredo) are judged by that one.
    """
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id is not None:
            return False
        address = _unwrap_ipv4(address)
    if address in _CLOUD_METADATA:
        return False
    if settings.EXTERNAL_ALLOW_PRIVATE and _is_within(address, _PRIVATE):
        return True
    return _is_global(address)


def _unwrap_ipv4(address: ipaddress.IPv6Address) -> Address:
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address in _NAT64:
        return ipaddress.IPv4Address(address.packed[-4:])
    if address.sixtofour:
        return address.sixtofour
    if address.teredo:
        _server, client = address.teredo
        return client
    return address


def _is_global(address: Address) -> bool:
    if address.version == 4:
        return not _is_within(address, _REFUSED_IPV4)
    return address in _GLOBAL_IPV6 and not _is_within(address, _REFUSED_IPV6)


def _is_within(address: Address, networks: tuple[Network, ...]) -> bool:
    return any(address in network for network in networks)
