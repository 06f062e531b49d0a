"""Each command as a process of its own: its exit code, its stdout, its stderr."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from subprocess import CompletedProcess
from uuid import uuid4

import pytest

from tests.service import DEFAULTS, make_environment, run_manage

Manage = Callable[..., CompletedProcess[str]]

COMMANDS = ["show_queue", "purge_jobs", "sweep_uploads", "retry_jobs", "cancel_jobs"]
COMMANDS += ["pause_queue", "resume_queue"]
#: They remove nothing and can be undone by one another.
WITHOUT_DRY_RUN = {"show_queue", "pause_queue", "resume_queue"}
NOBODY = "00000000-0000-0000-0000-00000000000a"
MAKE_JOB = """
INSERT INTO processing_job (id, state, queue, name, function, processor, caller, package,
    created_at, run_after, order_at, finished_at, claimed_by, deliveries, attempts, max_attempts,
    error_code, error_message, error_traceback, result_name, result_sha256, result_media_type,
    source_bytes, request_sha256, delivery_limit)
VALUES (?, ?, 'plimsoll', 'echo', 'f', 'echo', '', '', '2026-01-01', '2026-01-01', '2026-01-01',
    '2026-01-01', '', 0, 0, 3, '', '', '', '', '', '', 7, '', 13)
"""


@pytest.fixture
def database(migrated_database: Path, tmp_path: Path) -> Path:
    return Path(shutil.copy(migrated_database, tmp_path / "db.sqlite3"))


@pytest.fixture
def manage(database: Path, tmp_path: Path) -> Manage:
    """Run manage.py on the test's own database and spool folder."""
    own = {"DATABASE_URL": f"sqlite:///{database}", "UPLOAD_SPOOL_DIR": str(tmp_path / "spool")}
    env = make_environment(**(DEFAULTS | own))
    return lambda *arguments: run_manage(*arguments, env=env)


def make_row(database: Path, state: str) -> str:
    """A job of the year's first day in that state; its id."""
    identity = uuid4()
    with closing(sqlite3.connect(database)) as connection, connection:
        connection.execute(MAKE_JOB, (identity.hex, state))
    return str(identity)


def read_states(database: Path) -> list[str]:
    with closing(sqlite3.connect(database)) as connection:
        return [state for (state,) in connection.execute("SELECT state FROM processing_job")]


def test_show_queue(manage: Manage, database: Path) -> None:
    make_row(database, "queued")
    done = manage("show_queue", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    document = json.loads(done.stdout)
    assert document["state_counts"]["queued"] == 1
    assert document["load"] == {"job_count": 1, "source_bytes": 7}
    assert "Waiting:  1 job, 7 bytes, the longest for " in manage("show_queue").stdout


def test_purge_jobs(manage: Manage, database: Path) -> None:
    make_row(database, "failed")
    done = manage("purge_jobs", "--older-than", "90s", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {
        "jobs": 1,
        "results": 0,
        "tasks": 0,
        "samples": 0,
        "dry_run": False,
    }
    assert read_states(database) == []
    bad = manage("purge_jobs", "--older-than", "soon")
    assert (bad.returncode, bad.stdout) == (2, "")
    assert "'soon' is not a duration" in bad.stderr


def test_sweep_uploads(manage: Manage, tmp_path: Path) -> None:
    stray = tmp_path / "spool" / "incoming" / "a.part"
    stray.parent.mkdir(parents=True)
    stray.write_bytes(b"12345")
    os.utime(stray, (0, 0))
    done = manage("sweep_uploads", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout) == {"uploads": 0, "files": 1, "bytes": 5, "dry_run": False}
    assert not stray.exists()


def test_pause_queue_and_resume_queue(manage: Manage) -> None:
    paused = manage("pause_queue", "--json")
    assert (paused.returncode, paused.stderr) == (0, "")
    assert json.loads(paused.stdout)["changed"]
    assert "The queue plimsoll is paused since " in manage("show_queue").stdout
    resumed = manage("resume_queue")
    assert (resumed.returncode, resumed.stderr) == (0, "")
    assert resumed.stdout == "The queue plimsoll is no longer paused.\n"


@pytest.mark.parametrize(
    ("command", "before", "after"),
    [("retry_jobs", "failed", "queued"), ("cancel_jobs", "queued", "cancelled")],
)
def test_retry_jobs_and_cancel_jobs(
    manage: Manage, database: Path, command: str, before: str, after: str
) -> None:
    identity = make_row(database, before)
    refused = manage(command)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("CommandError: No jobs were chosen: ")
    assert read_states(database) == [before]
    done = manage(command, identity, NOBODY, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["unknown"] == [NOBODY]
    assert done.stderr == f"CommandError: There is no job {NOBODY}.\n"
    assert read_states(database) == [after]
    again = manage(command, identity, "--json")
    assert (again.returncode, again.stderr) == (0, "")
    assert json.loads(again.stdout)["skipped"] == {after: 1}


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_the_arguments(manage: Manage, command: str) -> None:
    done = manage(command, "--help")
    assert done.returncode == 0
    assert "--json" in done.stdout
    assert ("--dry-run" in done.stdout) == (command not in WITHOUT_DRY_RUN)
