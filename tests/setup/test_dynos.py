"""`make run` holds web and worker to a quota each, shows what Heroku would say, and cleans up."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest

from project.local_dynos import STOP_SECONDS
from tests.dyno.running import find_cgroup_place
from tests.needs import give_up
from tests.setup.conftest import SmallProject
from tests.setup.terminal import Terminal

#: Above the quota of the tests that set one, below twice that.
LARGE_WORKER = """
import time
held = b"x" * (70 << 20)
print("worker is up", flush=True)
time.sleep(600)
"""
#: Above twice the quota when it runs first.
GREEDY_WORKER = """
import pathlib, time
if not pathlib.Path("ran").exists():
    pathlib.Path("ran").touch()
    held = b"x" * (300 << 20)
    time.sleep(600)
print("worker is up", flush=True)
time.sleep(600)
"""
TELLING = """
import os, time
print(os.environ["MEMORY_QUOTA_MB"], os.environ["WEB_CONCURRENCY"], os.environ["WORKER_SEATS"])
print("worker is up", flush=True)
time.sleep(600)
"""
SMALL_QUOTA = "56"


def start_all(project: SmallProject, **env: str) -> Terminal:
    terminal = project.start(**env)
    terminal.wait_for_text("worker is up")
    terminal.wait_for_text("admin at")
    return terminal


def find_groups(terminal: Terminal) -> list[Path]:
    place = find_cgroup_place()
    if place is None:
        give_up("needs a cgroup folder in which it may make groups with a memory limit")
    assert place is not None
    return list(place.glob(f"plimsoll-dyno-{terminal.process.pid}-*"))


def test_a_worker_above_its_quota_is_told_of_and_runs_on(small_project: SmallProject) -> None:
    small_project.write("worker.py", LARGE_WORKER)
    terminal = start_all(small_project, MEMORY_QUOTA_MB=SMALL_QUOTA)

    terminal.wait_for_text("heroku[worker.1]: Error R14 (Memory quota exceeded)")
    assert re.search(r"heroku\[worker\.1\]: Process running mem=\d+M\(\d+\.\d%\)", terminal.output)

    terminal.press_ctrl_c()
    assert terminal.wait_for_exit(STOP_SECONDS) == 0
    assert "heroku[web.1]" not in terminal.output
    assert "R15" not in terminal.output


def test_a_worker_at_its_threshold_is_killed_and_started_again(small_project: SmallProject) -> None:
    small_project.write("worker.py", GREEDY_WORKER)
    terminal = start_all(small_project, MEMORY_QUOTA_MB=SMALL_QUOTA)

    assert "heroku[worker.1]: Error R15 (Memory quota vastly exceeded)" in terminal.output
    assert "heroku[worker.1]: State changed from crashed to starting" in terminal.output
    assert "stopping the rest" not in terminal.output


def test_what_is_as_it_should_be_makes_no_line(small_project: SmallProject) -> None:
    terminal = start_all(small_project)
    terminal.press_ctrl_c()
    terminal.wait_for_exit(STOP_SECONDS)

    assert "heroku[" not in terminal.output
    assert "app[worker.1]: worker is up" in terminal.output


def test_each_has_all_of_a_quota_that_was_set(small_project: SmallProject) -> None:
    small_project.write("worker.py", TELLING)
    terminal = start_all(small_project, MEMORY_QUOTA_MB="900")

    assert "web and worker have 900M of memory each (MEMORY_QUOTA_MB)." in terminal.output
    assert "app[worker.1]: 900 " in terminal.output


def test_each_has_its_share_of_what_was_found_and_plans_with_that(
    small_project: SmallProject,
) -> None:
    small_project.write("worker.py", TELLING)
    terminal = start_all(small_project)

    told = re.search(r"have (\d+)M of memory each \(their shares of .+\)\.", terminal.output)
    assert told
    assert f"app[worker.1]: {told[1]} " in terminal.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_no_group_is_left(small_project: SmallProject, number: signal.Signals) -> None:
    terminal = start_all(small_project)
    assert len(find_groups(terminal)) == 2

    os.kill(terminal.process.pid, number)

    assert terminal.wait_for_exit(STOP_SECONDS) == 0
    assert find_groups(terminal) == []


def test_what_a_killed_run_left_is_ended_by_the_next_which_has_its_port(
    small_project: SmallProject,
) -> None:
    killed = start_all(small_project)
    assert len(find_groups(killed)) == 2
    killed.process.kill()
    killed.wait_for_exit()
    assert len(killed.find_processes()) == 2

    start_all(small_project)

    assert killed.find_processes() == []
    assert find_groups(killed) == []
