"""gunicorn's master lets one process go at a time and always ends up with as many as it had."""

from __future__ import annotations

import os
import signal
import time
from types import SimpleNamespace
from typing import Any

import pytest

from processing.web import replacement
from processing.web.board import Board, make_board
from processing.web.replacement import REPLACE_EVERY_SECONDS, Replacement

OURS, ANOTHER = os.getpid(), 1


class Server:
    """The part of gunicorn's arbiter that counts its processes."""

    def __init__(self, page: Board, *pids: int) -> None:
        self.page = page
        self.WORKERS = dict.fromkeys(pids)
        self._count = len(pids)

    @property
    def num_workers(self) -> int:
        return self._count

    @num_workers.setter
    def num_workers(self, count: int) -> None:
        had_count, self._count = self._count, count
        replacement.grant(self, count, had_count, self.page)

    def handle_ttin(self) -> None:
        self.num_workers += 1

    def reap(self, pid: int) -> None:
        del self.WORKERS[pid]
        replacement.settle(self, SimpleNamespace(pid=pid), self.page)


@pytest.fixture
def page() -> Board:
    return make_board()


@pytest.fixture
def server(page: Board) -> Server:
    return Server(page, OURS, ANOTHER)


def test_a_process_that_asks_is_let_go_and_not_made_up_for(server: Server, page: Board) -> None:
    page.asking_pid = OURS
    server.handle_ttin()
    assert (server.num_workers, page.leaving_pid, page.asking_pid) == (3, OURS, 0)
    server.reap(ANOTHER)  # that one died, and is made up for
    assert server.num_workers == 3
    server.reap(OURS)
    assert (server.num_workers, page.leaving_pid) == (2, 0)


def test_an_operator_may_go_on_counting(server: Server, page: Board) -> None:
    server.handle_ttin()
    assert (server.num_workers, page.leaving_pid) == (3, 0)
    server.num_workers -= 1
    assert server.num_workers == 2


def test_a_second_one_that_asks_stays(server: Server, page: Board) -> None:
    page.asking_pid = OURS
    server.handle_ttin()
    page.asking_pid = ANOTHER
    server.handle_ttin()
    assert (server.num_workers, page.leaving_pid, page.asking_pid) == (3, OURS, 0)
    server.reap(OURS)
    page.asking_pid = ANOTHER
    server.handle_ttin()  # too soon
    assert (server.num_workers, page.leaving_pid) == (2, 0)
    page.leaving_since -= REPLACE_EVERY_SECONDS
    page.asking_pid = ANOTHER
    server.handle_ttin()
    assert (server.num_workers, page.leaving_pid) == (3, ANOTHER)


def test_one_that_died_after_it_asked_is_not_counted_twice(server: Server, page: Board) -> None:
    page.asking_pid = OURS
    server.reap(OURS)  # gunicorn may learn of the death before it sees the signal
    server.handle_ttin()
    assert (server.num_workers, page.leaving_pid) == (2, 0)


def test_a_reload_forgets_who_was_let_go(server: Server, page: Board) -> None:
    page.asking_pid = OURS
    server.handle_ttin()
    server.num_workers = 2  # gunicorn reads its configuration again
    replacement.forget(server, page)
    server.reap(OURS)
    assert server.num_workers == 2


def test_the_last_process_is_never_counted_away(page: Board) -> None:
    server = Server(page, OURS)
    page.asking_pid = OURS
    server.handle_ttin()
    server.num_workers -= 1  # an operator's SIGTTOU
    server.reap(OURS)
    assert server.num_workers == 1


class Worker:
    """The part of gunicorn's worker that serves."""

    def __init__(self) -> None:
        self.alive, self.ppid, self.nr_conns = True, os.getppid(), 1
        self.sockets = [SimpleNamespace(fileno=lambda: 7)]
        self.loop: Any = self
        self.removed: list[int] = []

    def remove_reader(self, descriptor: int) -> None:
        self.removed.append(descriptor)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, int]]:
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "kill", lambda pid, number: sent.append((pid, number)))
    monkeypatch.setattr(replacement, "begin_leaving", lambda: None)
    return sent


def test_a_process_leaves_when_the_newcomer_is_there_and_its_connections_are_closed(
    page: Board, sent: list[tuple[int, int]]
) -> None:
    worker = Worker()
    leaving = Replacement(page, worker)
    assert leaving.ask()
    assert sent == [(os.getppid(), signal.SIGTTIN)]
    leaving.advance()
    page.leaving_pid, page.leaving_since = OURS, time.monotonic()
    leaving.advance()
    assert (worker.removed, worker.alive) == ([], True)
    page.newcomer_pid = ANOTHER
    leaving.advance()
    assert (worker.removed, worker.alive) == ([7], True)
    worker.nr_conns = 0
    leaving.advance()
    assert not worker.alive


def test_one_without_a_connection_leaves_with_the_second_step(
    page: Board, sent: list[tuple[int, int]]
) -> None:
    worker = Worker()
    worker.nr_conns = 0  # one that was accepted this moment may not be counted yet
    leaving = Replacement(page, worker)
    page.leaving_pid, page.newcomer_pid, page.leaving_since = OURS, ANOTHER, time.monotonic()
    leaving.advance()
    assert worker.alive
    leaving.advance()
    assert not worker.alive


def test_a_connection_that_never_ends_is_not_waited_for_for_ever(
    page: Board, sent: list[tuple[int, int]]
) -> None:
    worker = Worker()
    page.leaving_pid, page.newcomer_pid = OURS, ANOTHER
    page.leaving_since = time.monotonic() - replacement.LEAVE_SECONDS
    leaving = Replacement(page, worker)
    leaving.advance()
    leaving.advance()
    assert not worker.alive


def test_nobody_asks_too_soon_or_a_master_that_is_gone(
    page: Board, sent: list[tuple[int, int]]
) -> None:
    worker = Worker()
    page.leaving_since = time.monotonic()
    assert not Replacement(page, worker).ask()
    page.leaving_since, worker.ppid = 0, ANOTHER
    assert not Replacement(page, worker).ask()
    assert sent == []
