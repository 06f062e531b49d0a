"""However a run ends, it leaves neither a process nor a cgroup."""

from __future__ import annotations

import signal
import sys
from pathlib import Path

import psutil
import pytest

from processing.dyno.cgroup import find_leftovers
from processing.dyno.process_tree import is_running
from tests.dyno.conftest import StartDyno
from tests.dyno.running import DynoRun, find_cgroup_place, grow
from tests.service import wait_for

STUBBORN = (
    "import os, signal, sys\n"
    "signal.signal(signal.SIGTERM, lambda *_: os.write(1, b'heard\\n'))\n"
    "os.fork() or os.setsid()\n"
    "os.write(1, b'ready\\n')\n"
    "while True: signal.pause()\n"
)


def find_groups_of(run: DynoRun) -> list[Path]:
    place = find_cgroup_place()
    return list(place.glob(f"plimsoll-dyno-{run.process.pid}-*")) if place else []


def are_gone(members: list[psutil.Process]) -> bool:
    return not any(is_running(member.pid) for member in members)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_every_process(
    start_dyno: StartDyno, way: list[str], number: signal.Signals
) -> None:
    run = start_dyno(*way, *grow(8, "orphan"))
    run.wait_for_text("holds 8")
    members = run.find_members()
    assert sum(is_running(member.pid) for member in members) == 2
    run.process.send_signal(number)
    assert run.wait() == 0, run.out
    assert are_gone(members)
    assert not find_groups_of(run)
    assert "heroku[run.1]: Stopping all processes with SIGTERM" in run.out


def test_sigterm_reaches_every_process_and_a_second_signal_hurries(
    start_dyno: StartDyno, way: list[str]
) -> None:
    run = start_dyno(*way, "--", sys.executable, "-c", STUBBORN)
    wait_for(lambda: run.out.count("app[run.1]: ready") == 2, 30, "both processes")
    members = run.find_members()
    run.interrupt()
    wait_for(lambda: run.out.count("app[run.1]: heard") == 2, 10, "SIGTERM in both processes")
    assert not are_gone(members)
    run.interrupt()
    assert run.process.wait(10) == 0
    assert are_gone(members)
    assert not find_groups_of(run)
    assert "heroku[run.1]: Stopping process with SIGKILL" in run.out
    assert "R12" not in run.out


def test_the_rest_of_a_dyno_ends_with_its_first_process(
    start_dyno: StartDyno, way: list[str], tmp_path: Path
) -> None:
    pid_file = tmp_path / "pid"
    script = f"setsid sleep 300 & echo $! > {pid_file}; exit 0"
    run = start_dyno(*way, "--", "sh", "-c", script)
    assert run.wait() == 0, run.out
    assert not is_running(int(pid_file.read_text()))


def test_what_a_killed_run_left_is_removed_by_the_next(
    start_dyno: StartDyno, cgroup_place: Path
) -> None:
    run = start_dyno(*grow(8))
    run.wait_for_text("holds 8")
    members = run.find_members()
    assert len(find_groups_of(run)) == 1
    assert not set(find_groups_of(run)) & set(find_leftovers(cgroup_place))
    run.process.kill()
    run.wait()
    again = start_dyno("--", "true")
    assert again.wait() == 0, again.out
    assert are_gone(members)
    assert not find_groups_of(run)
