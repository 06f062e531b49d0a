"""What the measured load needs: a plan for each process type, and the size of a machine for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from processing.memory.learnt_peaks import PEAK_MARGIN
from processing.memory.machine_sizes import MachineSize, find_next_size, find_size, plan_on
from processing.memory.plan import Plan, WebPlan, WorkerPlan
from processing.memory.sizes import RESERVE_SHARE, WANTED_TASK_LIMIT_BYTES
from processing.memory.units import MIB
from processing.queue.peaks import Peaks


@dataclass(frozen=True, kw_only=True)
class Need:
    """What a process type needs with its reserve, and the size that has it (None: none has).

    `next_plan` is what the operator's settings come to on one size up.
    """

    need_bytes: int
    size: MachineSize | None
    next_size: MachineSize | None
    next_plan: Plan | None


def find_web_need(plan: WebPlan) -> Need:
    """For as many web processes as are planned now."""
    return _find_need(plan, replace(plan, given_processes=plan.processes).total_bytes)


def find_worker_need(plan: WorkerPlan, peaks: Sequence[Peaks]) -> Need:
    """For as many seats as are planned now, each with what the largest measured task needs.

    Where nothing was measured it is the limit that the operator set, or the least by default.
    """
    limit_bytes = plan.given_task_limit_bytes or WANTED_TASK_LIMIT_BYTES
    if peaks:
        most_bytes = max(entry.p95_bytes for entry in peaks)
        limit_bytes = -(-int(PEAK_MARGIN * most_bytes) // MIB) * MIB
    measured = replace(plan, given_seats=plan.seats, given_task_limit_bytes=limit_bytes)
    return _find_need(plan, measured.total_bytes)


def _find_need(plan: Plan, total_bytes: int) -> Need:
    need_bytes = int(total_bytes / (1 - RESERVE_SHARE))
    size = find_size(need_bytes)
    next_size = find_next_size(size) if size else None
    return Need(
        need_bytes=need_bytes,
        size=size,
        next_size=next_size,
        next_plan=plan_on(plan, next_size) if next_size else None,
    )
