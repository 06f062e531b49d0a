"""How much is asked of each system."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """The defaults; --quick takes QUICK. A kB has 1,000 bytes."""

    seconds: float = 180.0
    """How long all of the load goes on at once."""

    post_count: int = 5_000
    post_clients: int = 16
    post_kb: int = 100

    upload_clients: int = 8
    upload_kb: int = 200_000

    fanout_clients: int = 16
    url_count: int = 20
    url_kb: int = 1_000

    drain_seconds: float = 1_200.0
    """How long after the load the accepted jobs may take to end."""

    stall_seconds: float = 100.0
    """When none has ended for so long, no more is waited for. A job over its memory limit may have
    to wait a minute for its second try."""


QUICK = Sizes(
    seconds=8.0, post_count=100, upload_kb=20_000, drain_seconds=120.0, stall_seconds=20.0
)
