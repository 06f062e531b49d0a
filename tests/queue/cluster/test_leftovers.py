"""What tells that a task has left something behind; children and threads are real ones."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from processing.memory.usage import HAS_CHILDREN
from processing.queue.cluster import leftovers as leftovers_module
from processing.queue.cluster.leftovers import Leftovers

pytestmark = pytest.mark.skipif(not HAS_CHILDREN, reason="the kernel tells of no children")

WAIT_SECONDS = 20.0


@pytest.fixture
def leftovers() -> Iterator[Leftovers]:
    """Of this process, which may have children and threads already."""
    found = Leftovers()
    yield found
    for descriptor in found._files or ():
        os.close(descriptor)


def start_sleeper() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=-1)


def end_sleeper(sleeper: subprocess.Popen[bytes]) -> None:
    sleeper.communicate(timeout=WAIT_SECONDS)


def test_what_was_there_at_the_start_is_not_left_behind() -> None:
    sleeper = start_sleeper()
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    found = Leftovers()
    try:
        assert not found.are_there()
    finally:
        over.set()
        thread.join()
        end_sleeper(sleeper)
    assert not found.are_there(), "there is less now"
    for descriptor in found._files or ():
        os.close(descriptor)


def test_a_child_is_seen_until_it_has_ended(leftovers: Leftovers) -> None:
    sleeper = start_sleeper()
    try:
        assert leftovers.are_there()
    finally:
        end_sleeper(sleeper)
    assert not leftovers.are_there()


def test_a_child_is_seen_that_an_ended_thread_has_started(leftovers: Leftovers) -> None:
    started: list[subprocess.Popen[bytes]] = []
    thread = threading.Thread(target=lambda: started.append(start_sleeper()))
    thread.start()
    thread.join()
    try:
        assert leftovers.are_there()
    finally:
        end_sleeper(started[0])
    assert not leftovers.are_there()


def test_a_thread_is_seen_until_it_has_ended(leftovers: Leftovers) -> None:
    over = threading.Event()
    thread = threading.Thread(target=over.wait)
    thread.start()
    try:
        assert leftovers.are_there()
    finally:
        over.set()
        thread.join()
    assert not leftovers.are_there()


def test_a_thread_that_is_about_to_end_is_waited_for(
    leftovers: Leftovers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leftovers_module, "SETTLE_SECONDS", WAIT_SECONDS)
    thread = threading.Thread(target=time.sleep, args=[0.2])
    thread.start()
    assert not leftovers.are_there()
    thread.join()


def test_a_task_that_closed_its_files_has_left_who_knows_what() -> None:
    found = Leftovers()
    for descriptor in found._files or ():
        os.close(descriptor)
    assert found.are_there()
