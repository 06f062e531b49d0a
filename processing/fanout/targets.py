"""What may be asked for: URLs read strictly, before anything is sent."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from urllib.parse import SplitResult, urlsplit

import httpx
import yarl
from django.conf import settings

from processing.errors import InvalidURL, TooManyURLs
from processing.fanout.failures import FailureCode, FetchFailed

# Longer links hardly exist (Internet Explorer took 2,083), and 50 of them still are no load.
URL_LIMIT_CHARACTERS = 2_048
SHOWN_CHARACTERS = 80
#: URLs whose reading is kept, for they are asked for again and again; a megabyte at the most.
KEPT_TARGETS = 256

_DEFAULT_PORTS = {"http": 80, "https": 443}
_HOST_NAME = re.compile(r"[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?")
# A last label like these makes the whole name an IPv4 address to inet_aton(3), in decimal, octal
# or hexadecimal and with one to four parts (also the rule of the WHATWG URL standard).
_NUMERIC_LABEL = re.compile(r"[0-9]+|0x[0-9a-f]*")


@dataclass(frozen=True, kw_only=True)
class Target:
    """A URL that may be sent: `url` as it was asked for, `canonical` as it is requested.

    `canonical` is pure ASCII, without user information or fragment, and both parsers on the way
    (httpx, and yarl inside aiohttp) read the same host and port from it.
    """

    url: str
    canonical: httpx.URL

    @cached_property
    def request_url(self) -> yarl.URL:
        """`canonical` for aiohttp, to be sent as it is."""
        return yarl.URL(str(self.canonical), encoded=True)

    @cached_property
    def host(self) -> str:
        """The host in ASCII: a lower-case name, or an IP address without brackets."""
        return self.canonical.raw_host.decode("ascii")

    @cached_property
    def upstream(self) -> str:
        """Host and port: who answers."""
        return f"{self.host}:{_find_port(self.canonical)}"


def parse_targets(urls: Sequence[str]) -> list[Target]:
    """Parse every URL, in order. Raises TooManyURLs past FANOUT_MAX_URLS, and InvalidURL."""
    if len(urls) > settings.FANOUT_MAX_URLS:
        raise TooManyURLs(
            f"{len(urls)} urls were asked for; one request takes at most "
            f"{settings.FANOUT_MAX_URLS} (FANOUT_MAX_URLS)."
        )
    return [parse_target(url) for url in urls]


@lru_cache(KEPT_TARGETS)
def parse_target(url: str) -> Target:
    """Parse an absolute http or https URL.

    Raises InvalidURL, naming the URL and what is wrong with it, for anything else: other schemes,
    user information, whitespace and control characters, ports outside 1-65535, more than 2,048
    characters, and hosts that are neither a name, a dotted IPv4 address nor a bracketed IPv6 one.
    """
    if len(url) > URL_LIMIT_CHARACTERS:
        raise _refuse(url, f"is longer than {URL_LIMIT_CHARACTERS} characters")
    if " " in url or not url.isprintable():
        raise _refuse(url, "has whitespace or control characters in it; percent-encode them")
    try:
        split, canonical = urlsplit(url), httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise _refuse(url, "cannot be read as a URL") from error
    if canonical.scheme not in _DEFAULT_PORTS or not canonical.raw_host:
        raise _refuse(url, "is not absolute")
    if "@" in split.netloc:
        # What stands there may be a password, and this text goes to logs.
        shown = url.replace(split.netloc.rpartition("@")[0], "…", 1)
        raise _refuse(shown, "has user information in it; leave out what stands before the @")
    if not _has_valid_port(split):
        raise _refuse(url, "has a port that is not between 1 and 65535")
    canonical = _canonicalize(url, canonical)
    if not _is_read_alike(canonical):
        raise _refuse(url, "can be read in more than one way")
    return Target(url=url, canonical=canonical)


def resolve_redirect(target: Target, location: str) -> Target:
    """Return where `location`, answered by `target`, leads to.

    Raises FetchFailed (`bad_response`) where a URL like it could not be asked for, or where it
    leads from https down to http.
    """
    try:
        onward = parse_target(str(target.canonical.join(location)))
    except (InvalidURL, httpx.InvalidURL, ValueError) as error:
        raise FetchFailed(
            FailureCode.BAD_RESPONSE, "It redirects to something that is not a valid URL."
        ) from error
    if target.canonical.scheme == "https" and onward.canonical.scheme == "http":
        raise FetchFailed(FailureCode.BAD_RESPONSE, "It redirects from https down to http.")
    return onward


def canonicalize_host(host: str) -> str:
    """Return the one spelling of an ASCII host: a lower-case name or an IP address.

    Raises ValueError for an address in any but its usual notation and for what is no host name.
    """
    if ":" in host:
        address = ipaddress.IPv6Address(host)
        if address.scope_id is not None:
            raise ValueError("scope ids have no meaning outside this machine")
        return str(address)
    name = host.lower()
    if _NUMERIC_LABEL.fullmatch(name.removesuffix(".").rpartition(".")[2]):
        return str(ipaddress.IPv4Address(name))
    if not _HOST_NAME.fullmatch(name):
        raise ValueError("not a host name")
    return name


def _canonicalize(url: str, read: httpx.URL) -> httpx.URL:
    try:
        host = canonicalize_host(read.raw_host.decode("ascii"))
        canonical = read.copy_with(host=host, fragment=None)
        _ = canonical.host  # decodes IDNs; httpx does it while sending and would fail there
    except (httpx.InvalidURL, ValueError) as error:
        raise _refuse(
            url,
            "has a host that is neither a name, an IPv4 address like 192.0.2.1 "
            "nor an IPv6 address like [2001:db8::1]",
        ) from error
    return canonical


def _has_valid_port(split: SplitResult) -> bool:
    try:
        return split.port != 0
    except ValueError:
        return False


def _find_port(canonical: httpx.URL) -> int:
    return canonical.port or _DEFAULT_PORTS[canonical.scheme]


def _is_read_alike(canonical: httpx.URL) -> bool:
    try:
        other = yarl.URL(str(canonical))
    except ValueError:
        return False
    host = canonical.raw_host.decode("ascii")
    expected = (canonical.scheme, host, _find_port(canonical), None, None)
    return (other.scheme, other.raw_host, other.port, other.user, other.password) == expected


def _refuse(url: str, reason: str) -> InvalidURL:
    shown = url if len(url) <= SHOWN_CHARACTERS else f"{url[:SHOWN_CHARACTERS]}…"
    return InvalidURL(
        f"The url {ascii(shown)} {reason}. "
        "Send an absolute http or https URL, such as https://example.com/path."
    )
