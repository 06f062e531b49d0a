"""How much is sent."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """The defaults; --quick takes QUICK. An MB that is sent has 1,000,000 bytes."""

    rounds: int = 3
    one_mb: int = 1_000
    """An upload that is alone."""

    many_count: int = 8
    """Uploads at once."""

    many_mb: int = 200
    """Each of them."""

    stalled_count: int = 200
    """Uploads that send 1 MB and then nothing."""

    stalled_seconds: float = 8.0
    """How long they are held while small posts are answered: less than any server's patience."""


QUICK = Sizes(rounds=1, one_mb=50, many_count=4, many_mb=10, stalled_count=20, stalled_seconds=2.0)
