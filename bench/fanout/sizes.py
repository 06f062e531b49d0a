"""How much is asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """The defaults; --quick takes QUICK. A kB has 1,000 bytes."""

    rounds: int = 3
    seconds: float = 3.0
    """How long clients ask; what is under way then may still be answered."""

    url_count: int = 20
    """Of each fan-out."""

    delay_ms: int = 50
    """Of the upstream."""

    small_kb: int = 10
    large_kb: int = 1_000
    """Of each URL."""

    few_clients: int = 16
    many_clients: int = 64
    upstream_count: int = 2
    """Processes that answer, each with its port."""


QUICK = Sizes(rounds=1, seconds=1.0)
