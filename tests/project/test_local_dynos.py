"""How `make run` shares what a machine gives between web and worker."""

from __future__ import annotations

from pathlib import Path

import pytest

from processing.dyno.formation import Restart
from processing.memory.plan import WebPlan, WorkerPlan
from processing.memory.quota import DYNO, HOST, SETTING, Quota
from processing.memory.units import GIB, MIB
from project.local_dynos import find_share, make_options, size_processes

ROOT = Path(__file__).resolve().parents[2]


def make_quota(limit_bytes: int, source: str) -> Quota:
    return Quota(limit_bytes=limit_bytes, source=source, restart_bytes=limit_bytes)


@pytest.mark.parametrize(
    ("source", "each_bytes"),
    [(SETTING, 8 * GIB), (DYNO, 4 * GIB), ("memory.max", 4 * GIB), (HOST, 2 * GIB)],
)
def test_a_set_quota_is_for_each_and_a_found_one_is_for_both(source: str, each_bytes: int) -> None:
    assert find_share(make_quota(8 * GIB, source)).usable_bytes == each_bytes


@pytest.mark.parametrize("host_bytes", [GIB, 2 * GIB, 4 * GIB, 64 * GIB])
def test_a_host_is_not_filled_with_processes_and_what_is_planned_is_never_refused(
    host_bytes: int,
) -> None:
    host = make_quota(host_bytes, HOST)
    share = find_share(host)
    sizes = size_processes(
        share, WebPlan(quota=host, request_bytes=196 * MIB), WorkerPlan(quota=host)
    )
    web, seats = int(sizes["WEB_CONCURRENCY"]), int(sizes["WORKER_SEATS"])
    assert web == 1
    assert seats in (1, 2)
    dyno = make_quota(share.usable_bytes, SETTING)
    assert not WebPlan(quota=dyno, request_bytes=196 * MIB, given_processes=web).refusal
    assert not WorkerPlan(quota=dyno, given_seats=seats).refusal


def test_what_an_operator_asked_for_stays() -> None:
    quota = make_quota(8 * GIB, HOST)
    sizes = size_processes(
        find_share(quota),
        WebPlan(quota=quota, request_bytes=MIB, given_processes=3),
        WorkerPlan(quota=quota, given_seats=5),
    )
    assert sizes == {"WEB_CONCURRENCY": "3", "WORKER_SEATS": "5"}


def test_web_has_the_port_and_both_are_started_again_after_a_kill_alone() -> None:
    options = make_options(make_quota(512 * MIB, SETTING), folder=ROOT, port=8000)
    assert [plan.name for plan in options.plans] == ["web.1", "worker.1"]
    assert {plan.restart for plan in options.plans} == {Restart.KILLED}
    assert options.first_port == 8000
    assert options.limits.quota_bytes == 512 * MIB
    assert options.limits.threshold_bytes == 1024 * MIB
