"""A PostgreSQL server whose disk is full: a tablespace on a file system of 16 MiB."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from tests.needs import give_up
from tests.postgresql import PostgreSQLDatabase, make_database
from tests.service import DEFAULTS, ROOT, make_environment

MIB = 1024 * 1024
DISK_MIB = 16
TABLE = "processing_databasechunk"
SPACE = f"plimsoll_small_{os.getpid()}"


@pytest.fixture
def database() -> Iterator[PostgreSQLDatabase]:
    with make_database() as database:
        yield database


@pytest.fixture
def narrow_disk(database: PostgreSQLDatabase) -> Iterator[Path]:
    """A file system that belongs to the server."""
    folder = Path(tempfile.mkdtemp())
    options = f"size={DISK_MIB}m,mode=700,uid={find_server_user(database)}"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        give_up(f"a small tmpfs cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        folder.rmdir()


def find_server_user(database: PostgreSQLDatabase) -> int:
    with psycopg.connect(database.url) as connection:
        try:
            return psutil.Process(connection.info.backend_pid).uids().real
        except psutil.NoSuchProcess:
            give_up("the PostgreSQL server is not on this machine")
            raise


@pytest.fixture
def narrow(database: PostgreSQLDatabase, narrow_disk: Path) -> Iterator[PostgreSQLDatabase]:
    """A database of which the chunks have 16 MiB."""
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE {SPACE} LOCATION '{narrow_disk}'")
        try:
            connection.execute(f"ALTER TABLE {TABLE} SET TABLESPACE {SPACE}")
            yield database
        finally:
            connection.execute(f"ALTER TABLE {TABLE} SET TABLESPACE pg_default")
            connection.execute(f"DROP TABLESPACE {SPACE}")


def test_a_full_disk_is_told_and_what_found_room_is_kept(narrow: PostgreSQLDatabase) -> None:
    given = {"DATABASE_URL": narrow.url, "UPLOAD_STORAGE_URL": "database:"}
    env = make_environment(**DEFAULTS, **given, DJANGO_SETTINGS_MODULE="project.settings")
    command = [sys.executable, "-m", "tests.database_store.filling"]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=120)

    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["error"] == "disk_full"
    assert MIB < told["closed_bytes"] == told["measured_bytes"] < DISK_MIB * MIB
    assert told["is_readable"]
    assert not told["is_saved"]
    files = narrow.query("SELECT name, is_finished FROM processing_databasefile")
    assert files == [("sources/ab/abc", False)], "what was not saved left nothing"
