"""Real clusters on the database of the test that starts them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from django.db import connection

from tests.service import DEFAULTS, make_environment, run_process, wait_for

START_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class RunningCluster:
    """`manage.py qcluster`: its first process, and those that it has started."""

    process: subprocess.Popen[bytes]
    log_file: Path

    @property
    def log(self) -> str:
        """All that the cluster printed so far."""
        return self.log_file.read_text()

    @property
    def supervisor(self) -> psutil.Process:
        """The supervisor: the one child that stays in the template's own group."""
        found: list[psutil.Process] = []

        def is_alone() -> bool:
            """Whether no seat was just forked that has yet to leave the group."""
            found[:] = [child for child in self.children if not is_seat(child)]
            return len(found) == 1

        wait_for(is_alone, START_SECONDS, "there is no supervisor, or a seat does not begin")
        return found[0]

    @property
    def seats(self) -> list[psutil.Process]:
        """The seats: each leads a group of its own."""
        return [child for child in self.children if is_seat(child)]

    @property
    def children(self) -> list[psutil.Process]:
        """Supervisor and seats, as far as they live."""
        return [child for child in psutil.Process(self.process.pid).children() if lives(child)]


def lives(process: psutil.Process) -> bool:
    """Whether it has not ended, reaped or not."""
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def is_seat(process: psutil.Process) -> bool:
    """Whether it is a seat that has begun."""
    try:
        return os.getpgid(process.pid) == process.pid
    except ProcessLookupError:
        return False


def make_cluster_environment(folder: Path, **given: str) -> dict[str, str]:
    """The environment of a cluster that works on this test's database, with files in `folder`."""
    own = {"DATABASE_URL": find_database_url(), "UPLOAD_SPOOL_DIR": str(folder / "spool")}
    return make_environment(**(DEFAULTS | own | given))


def find_database_url() -> str:
    """The database of the test that runs, as DATABASE_URL."""
    given: Mapping[str, str] = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{given['NAME']}"
    where = f"{given['HOST']}:{given['PORT'] or 5432}"
    return f"postgres://{given['USER']}:{given['PASSWORD']}@{where}/{given['NAME']}"


@contextmanager
def run_cluster(folder: Path, *arguments: str, **given: str) -> Iterator[RunningCluster]:
    """A cluster with its log in `folder`, up with all of its seats; `given` is environment."""
    env = make_cluster_environment(folder, **given)
    log = folder / "cluster.log"
    command = [sys.executable, "manage.py", "qcluster", *arguments]
    with run_process(command, env=env, log=log) as process:
        cluster = RunningCluster(process=process, log_file=log)
        wait_for(lambda: "ready for work" in cluster.log, START_SECONDS, "no seat came up")
        yield cluster


def drain_queue(folder: Path, *arguments: str, **given: str) -> str:
    """Run `qcluster --once` to its end; returns what it printed."""
    command = [sys.executable, "manage.py", "qcluster", "--once", *arguments]
    env = make_cluster_environment(folder, **given)
    root = Path(__file__).resolve().parents[1]
    done = subprocess.run(command, cwd=root, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr
