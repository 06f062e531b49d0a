"""How `make run` ends: whatever its processes do, none is left, within seconds."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest

from project.local_dynos import STOP_SECONDS
from project.procfile import read_procfile
from tests.setup.conftest import SmallProject
from tests.setup.terminal import Terminal

DEAF_WORKER = """
import signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
sleeper = "import time, signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)"
subprocess.Popen([sys.executable, "-c", sleeper], start_new_session=True)
print("worker is up", flush=True)
time.sleep(600)
"""
DEAF_WEB = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"


def start_all(project: SmallProject) -> Terminal:
    terminal = project.start()
    terminal.wait_for_text("worker is up")
    terminal.wait_for_text("admin at")
    return terminal


def test_a_procfile_gives_commands_by_name(tmp_path: Path) -> None:
    path = tmp_path / "Procfile"
    path.write_text("web: serve --bind [::]:8000\n\nworker: work\n")

    assert read_procfile(path) == {"web": "serve --bind [::]:8000", "worker": "work"}


def test_ctrl_c_ends_everything_with_exit_code_0(small_project: SmallProject) -> None:
    terminal = start_all(small_project)
    assert len(terminal.find_processes()) >= 3

    terminal.press_ctrl_c()

    assert terminal.wait_for_exit(STOP_SECONDS) == 0
    assert terminal.find_processes() == []
    assert "Traceback" not in terminal.output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_signal_to_the_one_process_ends_everything(
    small_project: SmallProject, number: signal.Signals
) -> None:
    terminal = start_all(small_project)

    os.kill(terminal.process.pid, number)

    assert terminal.wait_for_exit(STOP_SECONDS) == 0
    assert terminal.find_processes() == []


def test_processes_that_ignore_sigterm_and_their_children_are_killed(
    small_project: SmallProject,
) -> None:
    small_project.write("worker.py", DEAF_WORKER)
    small_project.write("web.py", DEAF_WEB + (small_project.folder / "web.py").read_text())
    terminal = start_all(small_project)
    assert len(terminal.find_processes()) >= 4

    started = time.monotonic()
    terminal.press_ctrl_c()

    assert terminal.wait_for_exit(STOP_SECONDS + 5) == 0
    assert time.monotonic() - started >= STOP_SECONDS
    assert terminal.find_processes() == []


@pytest.mark.parametrize("name", ["web", "worker"])
def test_when_one_ends_by_itself_the_other_is_stopped_and_the_exit_code_says_so(
    small_project: SmallProject, name: str
) -> None:
    small_project.write(f"{name}.py", "raise SystemExit(3)")
    terminal = small_project.start()

    assert terminal.wait_for_exit() == 3
    assert f"{name} ended with exit code 3; stopping the rest" in terminal.output
    assert terminal.find_processes() == []


def test_an_end_without_an_error_is_no_success_either(small_project: SmallProject) -> None:
    small_project.write("worker.py", "")

    assert small_project.start().wait_for_exit() == 1


@pytest.mark.parametrize("delay_seconds", [0.05, 0.1, 0.2, 0.3, 0.4, 0.6])
def test_ctrl_c_at_any_moment_of_the_start_leaves_nothing(
    small_project: SmallProject, delay_seconds: float
) -> None:
    terminal = small_project.start()
    time.sleep(delay_seconds)  # the moment is what is tested: there is no condition to wait for

    terminal.press_ctrl_c()

    terminal.wait_for_exit(STOP_SECONDS)
    assert terminal.find_processes() == []
