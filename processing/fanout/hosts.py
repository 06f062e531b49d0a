"""Which host names may be asked for, decided before they are resolved."""

from __future__ import annotations

from functools import lru_cache

import httpx
from django.conf import settings

from processing.fanout.targets import canonicalize_host, parse_target

#: Hosts whose answer is kept, for they are asked for again and again; 100 KB at the most.
KEPT_ANSWERS = 256


def is_allowed_host(host: str) -> bool:
    """Whether EXTERNAL_ALLOWED_HOSTS lets `host` (as `Target.host` gives it) be asked for.

    A pattern is an exact name or address, `.suffix` (that name and its subdomains) or `*`. An
    empty list means the hosts of EXTERNAL_URLS and their subdomains. A pattern that is no host
    name matches nothing.
    """
    allowed = settings.EXTERNAL_ALLOWED_HOSTS
    patterns = tuple(allowed) if allowed else _allowed_by_urls()
    return _matches_any(host.removesuffix("."), patterns)


def _allowed_by_urls() -> tuple[str, ...]:
    return tuple(f".{parse_target(url).host}" for url in settings.EXTERNAL_URLS)


@lru_cache(KEPT_ANSWERS)
def _matches_any(name: str, patterns: tuple[str, ...]) -> bool:
    return any(_matches(name, pattern) for pattern in patterns)


def _matches(name: str, pattern: str) -> bool:
    if pattern == "*":
        return True
    wanted = _canonicalize_pattern(pattern.removeprefix(".").removesuffix("."))
    if wanted is None:
        return False
    return name == wanted or (pattern.startswith(".") and name.endswith(f".{wanted}"))


def _canonicalize_pattern(pattern: str) -> str | None:
    try:
        ascii_host = httpx.URL(scheme="http", host=pattern).raw_host.decode("ascii")
        return canonicalize_host(ascii_host)
    except (httpx.InvalidURL, ValueError):
        return None
