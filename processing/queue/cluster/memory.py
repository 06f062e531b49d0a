"""All that looks after a cluster's memory, put together."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Self

from processing.memory.gate import Gate
from processing.memory.plan import WorkerPlan
from processing.queue.cluster.census import Census
from processing.queue.cluster.gatekeeper import Gatekeeper
from processing.queue.cluster.guard import Guard
from processing.queue.cluster.line_keeper import LineKeeper
from processing.queue.cluster.memory_journal import MemoryJournal
from processing.queue.cluster.seats import Seats
from processing.queue.cluster.watch import Watch
from processing.queue.cluster_name import ClusterName
from processing.queue.memory_samples import UnwrittenSamples


@dataclass(frozen=True, kw_only=True)
class Memory:
    """The guard keeps tasks to their limits, the gatekeeper begins what fits, the keeper the line.

    Only the guard has a thread, which is still to be started.
    """

    guard: Guard
    gatekeeper: Gatekeeper
    keeper: LineKeeper

    @classmethod
    def look_after(
        cls,
        seats: Seats,
        watch: Watch,
        *,
        name: ClusterName,
        plan: WorkerPlan,
        samples: UnwrittenSamples,
    ) -> Self:
        """Made in the supervisor; `samples` are written when the database is at hand."""
        keeper = LineKeeper(seats, watch, plan.quota, MemoryJournal(name, plan.quota, samples))
        guard = Guard(watch, Census(plan.quota, os.getppid()), keeper.judge)
        return cls(guard=guard, gatekeeper=Gatekeeper(Gate(plan), seats, guard), keeper=keeper)
