"""How much is measured."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """The defaults; --quick takes QUICK."""

    rounds: int = 3
    task_count: int = 5_000
    """No-ops of one drain."""

    busy_count: int = 400
    """No-ops sent while the workers drain."""

    pickup_count: int = 200
    """Stamps sent to idle workers."""

    idle_seconds: float = 20.0
    """How long the idle workers are watched."""

    deep_count: int = 200_000
    """Jobs of the deep queue; the shallow one has SHALLOW_COUNT."""


QUICK = Sizes(
    rounds=1,
    task_count=500,
    busy_count=100,
    pickup_count=40,
    idle_seconds=3.0,
    deep_count=5_000,
)
