"""`manage.py plan_memory`: what the memory is planned for, and what the measured load needs."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

from django.conf import settings

from processing.management.arguments import memory_size
from processing.management.memory_plan import Need, find_web_need, find_worker_need
from processing.management.report import ReportCommand, describe_bytes, describe_count
from processing.memory.machine_sizes import make_quota
from processing.memory.plan import Plan, WebPlan, WorkerPlan, describe_quota, show
from processing.memory.sizes import WANTED_TASK_LIMIT_BYTES
from processing.queue.peaks import Peaks, find_peaks


class Command(ReportCommand):
    """Plans without changing anything."""

    help = (
        "Show how the memory is planned for web processes, seats and tasks, what tasks took at "
        "their peak, and which size of a machine the load needs."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add another quota to plan for."""
        super().add_arguments(parser)
        parser.add_argument(
            "--quota",
            type=memory_size,
            help="plan for this much, such as 512M or 2G (default: what this machine has)",
        )

    def handle(self, *, as_json: bool, quota: int | None, **options: Any) -> None:
        """Plan and report."""
        web: WebPlan = settings.WEB_PLAN
        worker: WorkerPlan = settings.WORKER_PLAN
        if quota is not None:
            tried = make_quota(quota, "--quota")
            web, worker = replace(web, quota=tried), replace(worker, quota=tried)
        peaks = find_peaks()
        needs = {"web": find_web_need(web), "worker": find_worker_need(worker, peaks)}
        document = {
            "quota_bytes": web.quota.limit_bytes,
            "quota_source": web.quota.source,
            "restart_bytes": web.quota.restart_bytes,
            "web": write_plan(web) | {"need": write_need(needs["web"])},
            "worker": write_plan(worker) | {"need": write_need(needs["worker"])},
            "peaks": [asdict(entry) for entry in peaks],
        }
        self.report(document, _describe(web, worker, peaks, needs), as_json=as_json)


def write_plan(plan: Plan) -> dict[str, Any]:
    """A plan for machines."""
    numbers = {
        "total_bytes": plan.total_bytes,
        "reserve_bytes": plan.reserve_bytes,
        "fits": plan.reserve_bytes >= 0,
    }
    if isinstance(plan, WebPlan):
        return {"processes": plan.processes, "request_bytes": plan.request_bytes, **numbers}
    assert isinstance(plan, WorkerPlan)
    return {"seats": plan.seats, "task_limit_bytes": plan.task_limit_bytes, **numbers}


def write_need(need: Need) -> dict[str, Any]:
    """A need for machines."""
    return {
        "bytes": need.need_bytes,
        "dyno": need.size.name if need.size else None,
        "next_dyno": need.next_size.name if need.next_size else None,
        "next_plan": write_plan(need.next_plan) if need.next_plan else None,
    }


def _describe(
    web: WebPlan, worker: WorkerPlan, peaks: Sequence[Peaks], needs: dict[str, Need]
) -> Iterator[str]:
    yield f"Quota:  {describe_quota(web.quota)}, for web and for worker each"
    yield f"web:    {count_work(web)}"
    yield f"        {web.describe()}"
    yield f"worker: {count_work(worker)}"
    yield f"        {worker.describe()}"
    yield from filter(None, (web.refusal, worker.refusal))
    yield ""
    yield from _describe_peaks(peaks)
    yield ""
    for name, need in needs.items():
        yield f"{f'{name}:':7} {describe_need(need)}"


def _describe_peaks(peaks: Sequence[Peaks]) -> Iterator[str]:
    if not peaks:
        stand_in = f"{show(WANTED_TASK_LIMIT_BYTES)}, or TASK_MEMORY_LIMIT_MB, stands for it"
        yield f"No peak of a task is known yet; {stand_in}."
        return
    width = max(len(entry.name) for entry in peaks)
    yield f"{'':{width}}  {'jobs':>4}  {'95 %':>10}  {'most':>10}"
    for entry in peaks:
        shown = (describe_bytes(entry.p95_bytes), describe_bytes(entry.most_bytes))
        yield f"{entry.name:{width}}  {entry.job_count:>4}  {shown[0]:>10}  {shown[1]:>10}"


def count_work(plan: Plan) -> str:
    """What a plan comes to, such as "2 seats, tasks of 276 MB"."""
    if isinstance(plan, WebPlan):
        processes = "process" if plan.processes == 1 else "processes"
        return f"{plan.processes} {processes}, requests of {show(plan.request_bytes)} in each"
    assert isinstance(plan, WorkerPlan)
    return f"{describe_count(plan.seats, 'seat')}, tasks of {show(plan.task_limit_bytes)}"


def describe_need(need: Need) -> str:
    """What is needed, on which size, and what the next one gives."""
    needed = f"needs {show(need.need_bytes)}"
    if need.size is None:
        return f"{needed}, more than any dyno has"
    line = f"{needed}: {need.size.name} ({show(need.size.quota_bytes)})"
    if need.next_size is None or need.next_plan is None:
        return line
    return f"{line}; {need.next_size.name} would give {count_work(need.next_plan)}"
