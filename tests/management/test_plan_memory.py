"""`manage.py plan_memory`: the plan, the measured peaks, and the size of a machine for them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from processing.memory.plan import WebPlan, WorkerPlan
from processing.memory.quota import Quota
from tests.factories import make_job
from tests.management.conftest import Run

pytestmark = pytest.mark.django_db

MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def plans(settings: Any) -> None:
    quota = Quota(limit_bytes=512 * MIB, source="DYNO_RAM", restart_bytes=1024 * MIB)
    settings.WEB_PLAN = WebPlan(quota=quota, request_bytes=196 * MIB)
    settings.WORKER_PLAN = WorkerPlan(quota=quota)


def test_people_read_the_plan_the_need_and_what_the_next_size_gives(run: Run) -> None:
    assert run("plan_memory").out == (
        "Quota:  512 MB (DYNO_RAM), for web and for worker each\n"
        "web:    1 process, requests of 196 MB in each\n"
        "        master 60 MB + 1 x (web process 28 MB + requests 196 MB) = 284 MB "
        "of 512 MB (DYNO_RAM), 228 MB in reserve\n"
        "worker: 1 seat, tasks of 238 MB\n"
        "        template and supervisor 76 MB + 1 x (seat 44 MB + task 238 MB + burst 128 MB) "
        "= 486 MB of 512 MB (DYNO_RAM), 26 MB in reserve\n"
        "\n"
        "No peak of a task is known yet; 128 MB, or TASK_MEMORY_LIMIT_MB, stands for it.\n"
        "\n"
        "web:    needs 298 MB: Standard-1X or Basic (512 MB); "
        "Standard-2X would give 4 processes, requests of 196 MB in each\n"
        "worker: needs 395 MB: Standard-1X or Basic (512 MB); "
        "Standard-2X would give 2 seats, tasks of 276 MB\n"
    )


def test_measured_peaks_decide_what_a_worker_needs(run: Run) -> None:
    for peak_mb in (20, 400):
        make_job(processor="csv_profile", peak_memory_bytes=peak_mb * MIB)
    make_job(processor="echo", peak_memory_bytes=MIB)
    out = run("plan_memory").out
    assert (
        "             jobs        95 %        most\n"
        "csv_profile     2    400.0 MB    400.0 MB\n"
        "echo            1      1.0 MB      1.0 MB\n"
    ) in out
    # (76 + 1 x (44 + 1.25 x 400 + 128)) / 0.95
    assert "worker: needs 787 MB: Standard-2X (1024 MB); Performance-M would give 7 seats" in out


def test_a_load_beyond_every_dyno_is_said_to_be(run: Run) -> None:
    make_job(peak_memory_bytes=200 * 1024 * MIB)
    assert "more than any dyno has\n" in run("plan_memory").out


def test_another_quota_is_planned_for_with_what_the_operator_set(run: Run, settings: Any) -> None:
    settings.WORKER_PLAN = replace(settings.WORKER_PLAN, given_seats=3)
    out = run("plan_memory").out
    assert "WORKER_SEATS=3 does not fit into 512 MB (DYNO_RAM): " in out
    out = run("plan_memory", "--quota", "1G").out
    assert out.startswith("Quota:  1024 MB (--quota), ")
    assert "worker: 3 seats, tasks of 126 MB\n" in out
    assert "does not fit" not in out


def test_machines_read_one_document(run: Run) -> None:
    make_job(processor="echo", peak_memory_bytes=MIB)
    document = run("plan_memory", "--json").document
    assert document["quota_bytes"] == 512 * MIB
    assert document["quota_source"] == "DYNO_RAM"
    assert document["restart_bytes"] == 1024 * MIB
    assert document["peaks"] == [
        {"name": "echo", "job_count": 1, "p95_bytes": MIB, "most_bytes": MIB}
    ]
    assert document["web"]["processes"] == 1
    assert document["web"]["need"]["next_plan"]["processes"] == 4
    worker = document["worker"]
    assert (worker["seats"], worker["task_limit_bytes"]) == (1, 238 * MIB)
    assert (worker["total_bytes"], worker["reserve_bytes"]) == (486 * MIB, 26 * MIB)
    assert worker["fits"]
    assert worker["need"]["bytes"] == int((76 + 44 + 2 + 128) * MIB / 0.95)
    assert (worker["need"]["dyno"], worker["need"]["next_dyno"]) == (
        "Standard-1X or Basic",
        "Standard-2X",
    )


@pytest.mark.parametrize("text", ["", "0", "0M", "-1G", "512K", "much"])
def test_what_is_no_amount_of_memory_is_refused(run: Run, text: str) -> None:
    error = run("plan_memory", f"--quota={text}").error
    assert error == (
        f"Error: argument --quota: {text!r} is not a size of memory; write 512M, 1.5G or a number "
        "of bytes, 1M or more"
    )


@pytest.mark.parametrize("text", ["2147483648", "2048M", "2048mb", "2G", "2gb"])
def test_an_amount_may_be_written_in_several_ways(run: Run, text: str) -> None:
    assert run("plan_memory", "--quota", text).out.startswith("Quota:  2048 MB ")
