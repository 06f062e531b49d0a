"""The wake-up on an SQLite file, with other connections that write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.utils import ConnectionHandler

from processing.models import QueuePause
from processing.queue.cluster import file_wakeup
from processing.queue.cluster.file_wakeup import FileWakeup
from tests.queue.cluster.wakeup_signs import Clock, ask_until_quiet, is_readable, wait_for_change

pytestmark = pytest.mark.skipif(connection.vendor != "sqlite", reason="is about SQLite")

INSERT = "INSERT INTO processing_queuepause VALUES (%s, '2026-01-01', '')"
#: With the least page cache it is written to the file before its commit.
INSERT_LARGE = "INSERT INTO processing_queuepause VALUES ('large', '2026-01-01', zeroblob(4000000))"


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def wakeup(transactional_db: None, clock: Clock) -> Iterator[FileWakeup]:
    wakeup = FileWakeup(clock)
    wakeup.open()
    ask_until_quiet(wakeup)
    yield wakeup
    wakeup.close()


def test_anothers_commit_is_a_change_once(wakeup: FileWakeup, other: BaseDatabaseWrapper) -> None:
    other.cursor().execute(INSERT, ["elsewhere"])
    assert is_readable(wakeup, seconds=0)
    assert wakeup.has_changed()
    assert not wakeup.has_changed()
    assert not is_readable(wakeup, seconds=0)


def test_our_own_commit_is_no_change(wakeup: FileWakeup) -> None:
    QueuePause.objects.create(queue="here")
    assert is_readable(wakeup, seconds=0)
    assert not wakeup.has_changed()
    assert not is_readable(wakeup, seconds=0)


def test_anothers_commit_is_not_hidden_by_our_own(
    wakeup: FileWakeup, other: BaseDatabaseWrapper
) -> None:
    other.cursor().execute(INSERT, ["elsewhere"])
    with transaction.atomic():
        QueuePause.objects.create(queue="here")
    assert wakeup.has_changed()


def test_a_reconnect_that_nobody_told_it_of_is_a_change(wakeup: FileWakeup) -> None:
    connection.close()
    assert wakeup.has_changed()
    assert not wakeup.has_changed()


def test_pages_that_are_written_before_their_commit_are_no_change(
    wakeup: FileWakeup, other: BaseDatabaseWrapper
) -> None:
    with closing(other.cursor()) as cursor:
        cursor.execute("PRAGMA cache_size = 1")
        cursor.execute("BEGIN IMMEDIATE")
        cursor.execute(INSERT_LARGE)
        cursor.execute(INSERT, ["next"])
        assert is_readable(wakeup, seconds=0)
        ask_until_quiet(wakeup)
        assert wakeup.poll_seconds(idle_seconds=60) == 0.001
        cursor.execute("COMMIT")
    wait_for_change(wakeup)


def test_after_a_write_it_looks_again_soon_and_then_less_and_less(
    wakeup: FileWakeup, clock: Clock
) -> None:
    QueuePause.objects.create(queue="here")
    assert not wakeup.has_changed()
    sleeps = []
    for _ in range(13):
        sleeps.append(wakeup.poll_seconds(idle_seconds=60))
        clock.now += sleeps[-1]
    assert sleeps[:4] == pytest.approx([0.001, 0.001, 0.002, 0.004])
    assert sleeps[-1] == 2.0
    assert sum(sleeps) < 5.0


def test_a_neighbour_of_the_database_is_no_reason_to_look_again(wakeup: FileWakeup) -> None:
    neighbour = Path(connection.settings_dict["NAME"]).with_suffix(".log")
    neighbour.write_text("a line")
    try:
        assert is_readable(wakeup, seconds=0)
        assert not wakeup.has_changed()
        assert wakeup.poll_seconds(idle_seconds=60) == 2.0
    finally:
        neighbour.unlink()


def test_without_inotify_the_version_is_polled(
    wakeup: FileWakeup,
    other: BaseDatabaseWrapper,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(folder: str) -> None:
        raise OSError(24, "Too many open files")

    monkeypatch.setattr(file_wakeup, "FolderWatch", refuse)
    wakeup.open()
    assert "Too many open files" in caplog.text
    assert wakeup.fileno() is None
    assert wakeup.has_changed()
    assert not wakeup.has_changed()
    assert wakeup.poll_seconds(idle_seconds=0.01) == 0.002
    assert wakeup.poll_seconds(idle_seconds=60) == 0.02
    other.cursor().execute(INSERT, ["elsewhere"])
    assert wakeup.has_changed()


@pytest.mark.usefixtures("transactional_db")
@pytest.mark.parametrize("mode", ["DELETE", "TRUNCATE"])
def test_a_database_without_a_write_ahead_log_wakes_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:
    options = {"init_command": f"PRAGMA journal_mode={mode}"}
    database = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(tmp_path / "jobs.sqlite3"),
        "OPTIONS": options,
    }
    ours = ConnectionHandler({"default": database})["default"]
    monkeypatch.setattr(file_wakeup, "connection", ours)
    with closing(ours), closing(ours.copy()) as other, other.cursor() as cursor:
        cursor.execute("CREATE TABLE job (id)")
        wakeup = FileWakeup(Clock())
        wakeup.open()
        with closing(wakeup):
            ask_until_quiet(wakeup)
            cursor.execute("INSERT INTO job VALUES (1)")
            assert is_readable(wakeup, seconds=0)
            assert wakeup.has_changed()
            assert wakeup.poll_seconds(idle_seconds=60) == 0.001
