"""R14 and R15 of real processes, enforced either way."""

from __future__ import annotations

import pytest

from tests.dyno.conftest import StartDyno
from tests.dyno.running import grow
from tests.service import wait_for

MIB = 1024 * 1024
R14 = "heroku[run.1]: Error R14 (Memory quota exceeded)"
#: The interpreter's own memory comes on top of what grow.py holds.
LIMITS = ["--quota", "64M", "--restart-at", "160M"]


def test_below_the_quota_is_no_error(start_dyno: StartDyno, way: list[str]) -> None:
    run = start_dyno("--json", "--every", "0.2", *LIMITS, *way, *grow(20))
    run.wait_for_text("app[run.1]: holds 20")
    told = run.err.count("sample#")
    wait_for(lambda: run.err.count("sample#") >= told + 2, 30, "two samples with all of it")
    run.interrupt()
    assert run.wait() == 0, run.err
    [dyno] = run.dynos
    assert 20 * MIB < dyno["peak_bytes"] < 64 * MIB
    assert (dyno["seconds_above_quota"], dyno["kills"], dyno["last_status"]) == (0, 0, 143)
    assert "Error" not in run.err


@pytest.mark.parametrize("how", ["self", "fork", "orphan"])
def test_above_the_quota_is_r14_again_and_again_and_no_kill(
    start_dyno: StartDyno, way: list[str], how: str
) -> None:
    run = start_dyno("--json", "--every", "0.2", *LIMITS, *way, *grow(100, how))
    run.wait_for_text("holds 100")
    told = run.err.count(R14)
    wait_for(lambda: run.err.count(R14) >= told + 2, 30, "R14 twice more")
    run.interrupt()
    assert run.wait() == 14, run.err
    [dyno] = run.dynos
    assert 100 * MIB < dyno["peak_bytes"] < 130 * MIB
    assert dyno["seconds_above_quota"] > 0
    assert dyno["kills"] == 0
    assert "sample#memory_quota=64.00MB" in run.err
    assert "heroku[run.1]: Process running mem=" in run.err
    assert "R15" not in run.err


@pytest.mark.parametrize("how", ["self", "fork", "orphan"])
def test_above_the_threshold_is_r15_and_the_whole_dyno_is_killed(
    start_dyno: StartDyno, way: list[str], how: str
) -> None:
    run = start_dyno("--json", *LIMITS, *way, *grow(600, how))
    assert run.wait() == 15, run.err
    [dyno] = run.dynos
    assert (dyno["kills"], dyno["last_status"]) == (1, 137)
    assert dyno["peak_bytes"] >= 160 * MIB
    texts = [line.partition("heroku[run.1]: ")[2] for line in run.err.splitlines()]
    at = texts.index("Error R15 (Memory quota vastly exceeded)")
    assert texts[at - 1].startswith("Process running mem=")
    assert texts[at + 1] == "Stopping process with SIGKILL"


def test_the_kernel_stops_a_process_at_the_threshold(
    start_dyno: StartDyno, cgroup_place: object
) -> None:
    run = start_dyno("--json", *LIMITS, *grow(600))
    assert run.wait() == 15, run.err
    assert "enforced by the kernel (cgroup v" in run.err
    assert run.dynos[0]["peak_bytes"] == 160 * MIB
    assert "holds 600" not in run.err


def test_it_says_that_it_samples(start_dyno: StartDyno) -> None:
    run = start_dyno("--no-cgroup", "--quota", "64M", "--", "true")
    assert run.wait() == 0, run.err
    assert run.out.startswith("The threshold of 128M is enforced by sampling 20 times a second")
