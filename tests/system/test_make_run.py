"""`make run` in a fresh copy of the project: a first run as a person has it, then a second."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from tests.service import find_free_port
from tests.setup.terminal import Terminal, open_terminal

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
STOP_SECONDS = 10
JOB_SECONDS = 20
#: What a person's shell has that could change what `make run` does.
CLEARED = {"DJANGO_SETTINGS_MODULE", "SECRET_KEY", "ALLOWED_HOSTS", "API_ALLOW_ANONYMOUS"}


def run_git(folder: Path, *arguments: str) -> list[str]:
    done = subprocess.run(
        ["git", *arguments, "-z"], cwd=folder, capture_output=True, check=True, timeout=30
    )
    return [name for name in os.fsdecode(done.stdout).split("\0") if name]


def list_untracked(folder: Path) -> list[str]:
    return run_git(folder, "ls-files", "--others", "--exclude-standard")


def copy_project(folder: Path) -> None:
    """What a clone would have: the files that git tracks or would take, and nothing else."""
    for name in [*run_git(ROOT, "ls-files"), *list_untracked(ROOT)]:
        if (ROOT / name).exists():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True, timeout=30)
    subprocess.run(["git", "add", "--all"], cwd=folder, check=True, timeout=30)


def lend_venv(folder: Path) -> None:
    """A .venv as scripts/venv.sh would build it, with the packages of the Python that runs us.

    Its programs are its own; only the packages are shared, which saves the download.
    tests/setup/test_venv.py has the real builds.
    """
    ours, venv = Path(sys.prefix), folder / ".venv"
    # A program that is written in Python is compiled where it is installed.
    skip = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ours / "bin", venv / "bin", symlinks=True, ignore=skip)
    shutil.copy(ours / "pyvenv.cfg", venv)
    (venv / "lib").symlink_to(ours / "lib")
    for program in (venv / "bin").iterdir():
        if not program.is_symlink() and program.read_bytes()[:2] == b"#!":
            program.write_text(program.read_text().replace(f"{ours}/bin", f"{venv}/bin"))
    (venv / "requirements").mkdir()
    shutil.copy(folder / "requirements.txt", venv / "requirements")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("fresh") / "project"
    copy_project(made)
    lend_venv(made)
    return made


@contextmanager
def make_run(folder: Path, port: int, printed: Path) -> Iterator[Terminal]:
    kept = {name: value for name, value in os.environ.items() if name not in CLEARED}
    env = {**kept, "PORT": str(port), "PYTHON": sys.executable, "no_proxy": "*"}
    with open_terminal(["make", "run"], folder=folder, env=env, printed=printed) as terminal:
        terminal.wait_for_text("admin at", START_SECONDS)
        yield terminal


def stop(terminal: Terminal) -> None:
    """Ctrl-C, after which nothing may be left."""
    terminal.press_ctrl_c()
    terminal.wait_for_exit(STOP_SECONDS)
    assert terminal.find_processes() == [], terminal.output
    assert "Traceback" not in terminal.output, terminal.output
    assert "heroku[" not in terminal.output, terminal.output


def run_curl(line: str, folder: Path) -> Any:
    command = [*shlex.split(line), "--silent", "--show-error", "--fail", "--max-time", "30"]
    answer = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=40)
    assert answer.returncode == 0, (line, answer.stderr)
    return json.loads(answer.stdout)


def wait_for_job(url: str, folder: Path) -> dict[str, Any]:
    """The job once it has ended; the service itself does the waiting."""
    deadline = time.monotonic() + JOB_SECONDS
    while True:
        job: dict[str, Any] = run_curl(f"curl {url}?wait=5", folder)
        if job["state"] in {"succeeded", "failed", "cancelled"}:
            return job
        assert time.monotonic() < deadline, job


def test_the_first_run_works_as_printed_and_the_second_finds_what_it_left(
    folder: Path, tmp_path: Path
) -> None:
    port = find_free_port()
    base = f"http://127.0.0.1:{port}"

    with make_run(folder, port, tmp_path / "first") as terminal:
        [quota] = re.findall(r"^web and worker have (\d+)M of memory each", terminal.output, re.M)
        planned = rf"app\[(\S+)\]: .* memory: .* of {quota} MB \(MEMORY_QUOTA_MB\)"
        terminal.wait_for_text("app[worker.1]: ")
        assert set(re.findall(planned, terminal.output)) == {"web.1", "worker.1"}
        assert len(re.findall(r"user admin with the password \S+", terminal.output)) == 1
        lines = re.findall(r"^  (curl .*)$", terminal.output, re.MULTILINE)
        assert len(lines) == 3
        posted, fetched, uploaded = (run_curl(line, folder) for line in lines)
        assert posted["message"] == "Task submitted"
        assert [response["ok"] for response in fetched["responses"]] == [True]
        assert uploaded["bytes"] == (folder / "README.md").stat().st_size
        first = wait_for_job(f"{base}/jobs/{posted['job_id']}", folder)
        second = wait_for_job(f"{base}/jobs/{uploaded['job_id']}", folder)
        assert (first["state"], first["result"]) == ("succeeded", {"hello": "world"})
        assert second["state"] == "succeeded"
        stop(terminal)

    assert list_untracked(folder) == run_git(folder, "diff", "--name-only") == []

    with make_run(folder, port, tmp_path / "second") as terminal:
        assert "with the password" not in terminal.output
        assert "building .venv" not in terminal.output
        assert run_curl(f"curl {base}/jobs/{posted['job_id']}", folder)["state"] == "succeeded"
        stop(terminal)
