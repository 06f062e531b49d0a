"""From a quota to processes, seats and limits."""

from __future__ import annotations

from dataclasses import replace

import pytest

from processing.memory.plan import WebPlan, WorkerPlan
from processing.memory.quota import HOST, Quota
from processing.memory.sizes import LEAST_TASK_LIMIT_BYTES, WANTED_TASK_LIMIT_BYTES

MIB = 1024 * 1024
QUOTAS_MB = [256, 512, 1024, 2560, 14336, 30720]
#: What the settings leave a web process to hold by default.
REQUEST_BYTES = 196 * MIB


def make_quota(size_mb: int, source: str = "DYNO_RAM") -> Quota:
    return Quota(limit_bytes=size_mb * MIB, source=source, restart_bytes=2 * size_mb * MIB)


def plan_web(size_mb: int, source: str = "DYNO_RAM", *, processes: int = 0) -> WebPlan:
    quota = make_quota(size_mb, source)
    return WebPlan(quota=quota, request_bytes=REQUEST_BYTES, given_processes=processes)


def plan_worker(
    size_mb: int, source: str = "DYNO_RAM", *, seats: int = 0, limit_mb: int = 0
) -> WorkerPlan:
    quota = make_quota(size_mb, source)
    return WorkerPlan(quota=quota, given_seats=seats, given_task_limit_bytes=limit_mb * MIB)


def test_the_smallest_dyno_has_one_seat_with_all_that_is_left() -> None:
    plan = plan_worker(512)
    assert (plan.seats, plan.task_limit_bytes // MIB) == (1, 238)
    assert plan.describe() == (
        "template and supervisor 76 MB + 1 x (seat 44 MB + task 238 MB + burst 128 MB) = 486 MB "
        "of 512 MB (DYNO_RAM), 26 MB in reserve"
    )


def test_the_smallest_dyno_has_one_web_process() -> None:
    plan = plan_web(512)
    assert plan.describe() == (
        "master 60 MB + 1 x (web process 28 MB + requests 196 MB) = 284 MB "
        "of 512 MB (DYNO_RAM), 228 MB in reserve"
    )


def test_what_a_store_brings_along_is_planned_for_each_process_and_once_more() -> None:
    worker = replace(plan_worker(512), store_bytes=24 * MIB)
    assert worker.describe() == (
        "template and supervisor 100 MB + 1 x (seat 68 MB + task 190 MB + burst 128 MB) = 486 MB "
        "of 512 MB (DYNO_RAM), 26 MB in reserve"
    )
    web = replace(plan_web(2560), store_bytes=24 * MIB)
    assert web.total_bytes - plan_web(2560).total_bytes == (1 + web.processes) * 24 * MIB


@pytest.mark.parametrize("size_mb", QUOTAS_MB[1:])
def test_a_default_plan_keeps_a_reserve(size_mb: int) -> None:
    for plan in (plan_web(size_mb), plan_worker(size_mb)):
        assert plan.reserve_bytes >= 0.05 * size_mb * MIB
        assert plan.refusal == ""
    assert plan_worker(size_mb).task_limit_bytes >= WANTED_TASK_LIMIT_BYTES


def test_more_memory_never_means_fewer_processes() -> None:
    webs = [plan_web(size_mb).processes for size_mb in QUOTAS_MB]
    seats = [plan_worker(size_mb).seats for size_mb in QUOTAS_MB]
    assert webs == sorted(webs)
    assert seats == sorted(seats) == [1, 1, 2, 7, 16, 16]


def test_a_host_without_a_limit_is_shared_with_others() -> None:
    assert plan_web(64_000, HOST).processes == 1
    assert plan_worker(64_000, HOST).seats == 2
    assert plan_worker(64_000, HOST).total_bytes <= 32_000 * MIB
    assert "of 32000 MB (half of the host)" in plan_web(64_000, HOST).describe()


def test_more_seats_by_hand_leave_less_for_a_task() -> None:
    plan = plan_worker(512, seats=2)
    assert (plan.task_limit_bytes // MIB, plan.refusal) == (33, "")


def test_a_larger_task_by_hand_leaves_fewer_seats() -> None:
    assert plan_worker(2560, limit_mb=164).seats == 7
    assert plan_worker(2560, limit_mb=165).seats == 6


@pytest.mark.parametrize(("size_mb", "processes"), [(512, 2), (1024, 4), (2560, 5), (14336, 17)])
def test_what_herokus_buildpack_sets_is_taken(size_mb: int, processes: int) -> None:
    assert plan_web(size_mb, processes=processes).refusal == ""


def test_too_many_web_processes_are_refused_with_the_arithmetic() -> None:
    assert plan_web(512, processes=3).refusal == (
        "WEB_CONCURRENCY=3 does not fit into 512 MB (DYNO_RAM): "
        "master 60 MB + 3 x (web process 28 MB + requests 196 MB) = 732 MB; "
        "lower it, or raise MEMORY_QUOTA_MB where there is more"
    )


@pytest.mark.parametrize(
    ("seats", "limit_mb", "given"),
    [
        (3, 0, "WORKER_SEATS=3"),
        (0, 265, "TASK_MEMORY_LIMIT_MB=265"),
        (2, 47, "WORKER_SEATS=2 with TASK_MEMORY_LIMIT_MB=47"),
    ],
)
def test_a_worker_that_does_not_fit_is_refused(seats: int, limit_mb: int, given: str) -> None:
    plan = plan_worker(512, seats=seats, limit_mb=limit_mb)
    assert plan.refusal.startswith(f"{given} does not fit into 512 MB (DYNO_RAM): template ")


@pytest.mark.parametrize(("seats", "limit_mb"), [(0, 264), (2, 46)])
def test_a_worker_that_just_fits_is_taken(seats: int, limit_mb: int) -> None:
    assert plan_worker(512, seats=seats, limit_mb=limit_mb).refusal == ""


@pytest.mark.parametrize("seats", [0, 1])
def test_too_little_memory_for_anything_is_told_and_not_refused(seats: int) -> None:
    assert plan_web(100, processes=seats).refusal == ""
    plan = plan_worker(100, seats=seats)
    assert (plan.seats, plan.task_limit_bytes) == (1, LEAST_TASK_LIMIT_BYTES)
    assert plan.refusal == ""
    assert plan.describe().endswith("= 264 MB of 100 MB (DYNO_RAM), more than there is")


def test_a_plan_moves_to_another_quota_with_what_was_given() -> None:
    plan = replace(plan_worker(512, seats=1), quota=make_quota(1024))
    assert (plan.seats, plan.task_limit_bytes // MIB) == (1, 724)
