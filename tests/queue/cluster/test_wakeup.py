"""Wake-ups on the database that the tests run on: SQLite's file or PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import psutil
import pytest
from django.db import connection

from processing.queue.cluster.file_wakeup import FileWakeup
from processing.queue.cluster.notified_wakeup import NotifiedWakeup
from processing.queue.cluster.wakeup import PolledWakeup, Wakeup, make_wakeup
from tests.queue.cluster.wakeup_signs import (
    ask_until_quiet,
    is_readable,
    wait_for_change,
)
from tests.service import ROOT

BEST = {"sqlite": FileWakeup, "postgresql": NotifiedWakeup}

#: Resuming a queue, as a command does it.
RESUME = """
import django
django.setup()
from django.db import transaction
from processing.models import QueuePause
from processing.queue.notify import notify_queue
with transaction.atomic():
    QueuePause.objects.filter(queue="plimsoll").delete()
    QueuePause.objects.create(queue="another")
    notify_queue("plimsoll")
"""


def find_url() -> str:
    """The test database as a DATABASE_URL."""
    at = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{at['NAME']}"
    return f"postgres://{at['USER']}:{at['PASSWORD']}@{at['HOST']}:{at['PORT']}/{at['NAME']}"


def resume_elsewhere() -> None:
    env = {**os.environ, "DATABASE_URL": find_url(), "DJANGO_SETTINGS_MODULE": "project.settings"}
    command = [sys.executable, "-c", RESUME]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr


@pytest.fixture
def wakeup(transactional_db: None) -> Iterator[Wakeup]:
    wakeup = make_wakeup("plimsoll")
    wakeup.open()
    yield wakeup
    wakeup.close()


def test_the_database_decides_what_wakes() -> None:
    assert type(make_wakeup("plimsoll")) is BEST[connection.vendor]


def test_a_database_in_memory_is_polled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "vendor", "sqlite")
    monkeypatch.setattr(connection, "is_in_memory_db", lambda: True, raising=False)
    assert type(make_wakeup("plimsoll")) is PolledWakeup


def test_what_is_polled_has_always_changed() -> None:
    wakeup = PolledWakeup()
    wakeup.open()
    assert wakeup.fileno() is None
    assert [wakeup.has_changed() for _ in range(3)] == [True] * 3
    assert not wakeup.has_sign
    assert wakeup.poll_seconds(idle_seconds=60) == 0.02
    wakeup.mark_busy()
    wakeup.close()


def test_the_first_answer_is_yes_and_needs_no_sign(wakeup: Wakeup) -> None:
    assert wakeup.has_changed()
    assert not wakeup.has_changed()


def test_it_sleeps_for_two_seconds_where_nothing_happens(wakeup: Wakeup) -> None:
    ask_until_quiet(wakeup)
    assert 0.1 < wakeup.poll_seconds(idle_seconds=60) <= 2.0


def test_another_process_that_resumes_the_queue_is_noticed_at_once(wakeup: Wakeup) -> None:
    ask_until_quiet(wakeup)
    resume_elsewhere()
    assert is_readable(wakeup)
    wait_for_change(wakeup)


def test_no_sign_is_kept_that_was_asked_for(wakeup: Wakeup) -> None:
    ask_until_quiet(wakeup)
    resume_elsewhere()
    wait_for_change(wakeup)
    assert not wakeup.has_sign


def test_it_goes_on_after_a_reconnect(wakeup: Wakeup) -> None:
    ask_until_quiet(wakeup)
    connection.close()
    wakeup.open()
    assert wakeup.has_changed()
    ask_until_quiet(wakeup)
    resume_elsewhere()
    assert is_readable(wakeup)
    wait_for_change(wakeup)


def test_a_closed_one_has_no_descriptor(wakeup: Wakeup) -> None:
    wakeup.close()
    wakeup.close()
    assert wakeup.fileno() is None


def test_no_descriptor_is_left_open(wakeup: Wakeup) -> None:
    process = psutil.Process()
    before = process.num_fds()
    for turn in range(100):
        if turn % 10 == 0:
            connection.close()
        wakeup.open()
        wakeup.has_changed()
        if turn % 2:
            wakeup.close()
    wakeup.open()
    assert process.num_fds() == before
