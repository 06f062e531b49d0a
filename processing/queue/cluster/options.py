"""What a cluster is started with."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class ClusterOptions:
    """`queue` is the name of the queue it serves; `once` ends it when nothing is due any more."""

    queue: str
    seat_count: int
    grace_seconds: float
    once: bool = False
