"""What a cluster is started with."""

from __future__ import annotations

from dataclasses import dataclass

from processing.memory.plan import WorkerPlan


@dataclass(frozen=True, kw_only=True)
class ClusterOptions:
    """`queue` is the name of the queue it serves; `once` ends it when nothing is due any more."""

    queue: str
    plan: WorkerPlan
    grace_seconds: float
    once: bool = False
