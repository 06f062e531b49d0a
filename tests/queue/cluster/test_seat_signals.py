"""The handlers of signals in a seat; each script runs in a process of its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

START = """
import os, signal, subprocess, sys, time
from processing.queue.cluster.seat_signals import (
    STOP_SIGNALS, ignore_stop_signals, take_back_signals
)

def raise_all():
    for number in STOP_SIGNALS:
        os.kill(os.getpid(), number)

def live_on():
    time.sleep(2)  # a signal to oneself comes at once
    os._exit(0)
"""
IGNORED = """
ignore_stop_signals()
raise_all()
"""
TAKEN_BACK = """
ignore_stop_signals()
for number in STOP_SIGNALS:
    signal.signal(number, signal.SIG_DFL)
signal.setitimer(signal.ITIMER_REAL, 600)
take_back_signals()
raise_all()
assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
"""
NO_SEAT = """
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGURG])
before = [signal.getsignal(number) for number in STOP_SIGNALS]
take_back_signals()
assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == {signal.SIGURG}
assert [signal.getsignal(number) for number in STOP_SIGNALS] == before
"""
FORKED = """
ignore_stop_signals()
for number in STOP_SIGNALS:
    pid = os.fork()
    if pid == 0:
        os.kill(os.getpid(), number)
        live_on()
    assert os.waitpid(pid, 0)[1] == number
raise_all()
"""
STOPPED_AT_ONCE = """
os.register_at_fork(after_in_child=raise_all)  # before the seat's own
ignore_stop_signals()
before = signal.pthread_sigmask(signal.SIG_BLOCK, [])
pid = os.fork()
if pid == 0:
    live_on()
assert os.waitpid(pid, 0)[1] in STOP_SIGNALS
assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == before
"""
BLOCKED = """
ignore_stop_signals()
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
pid = os.fork()
if pid == 0:
    os.kill(os.getpid(), signal.SIGTERM)
    os._exit(7 if signal.sigpending() == {signal.SIGTERM} else 1)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == {signal.SIGTERM}
"""
RAISED = """
ignore_stop_signals()
sys.unraisablehook = lambda raised: None
is_forking = False

def ring(number, frame):
    global is_forking
    if is_forking:
        is_forking = False
        raise TimeoutError

signal.signal(signal.SIGALRM, ring)
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
for _ in range(300):
    try:
        is_forking = True
        if os.fork() == 0:
            os._exit(0)
        is_forking = False
    except TimeoutError:
        pass
take_back_signals()
assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()
pid = os.fork()
if pid == 0:
    live_on()
os.kill(pid, signal.SIGTERM)
assert os.waitpid(pid, 0)[1] == signal.SIGTERM
"""
LEFT_BLOCKED = """
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGURG])
ignore_stop_signals()
signal.pthread_sigmask(signal.SIG_SETMASK, [signal.SIGTERM, signal.SIGUSR2])
take_back_signals()
assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == {signal.SIGURG}
"""
LEFT_PENDING = """
def end(number, frame):
    raise SystemExit(3)

ignore_stop_signals()
for number, handler in [
    (signal.SIGTERM, signal.SIG_DFL),
    (signal.SIGTERM, end),
    (signal.SIGUSR1, signal.SIG_DFL),
    (signal.SIGALRM, end),
]:
    signal.signal(number, handler)
    signal.pthread_sigmask(signal.SIG_BLOCK, [number])
    os.kill(os.getpid(), number)
    take_back_signals()
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == signal.sigpending() == set()
    if number in STOP_SIGNALS:
        raise_all()
    else:
        assert signal.getsignal(number) is handler
"""
RAISED_IN_CHILD = """
ignore_stop_signals()
get_handler = signal.getsignal

def raise_once(number):
    signal.getsignal = get_handler
    raise TimeoutError

signal.getsignal = raise_once
pid = os.fork()
if pid == 0:
    os._exit(7 if signal.pthread_sigmask(signal.SIG_BLOCK, []) == set() else 1)
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
"""
OWN_HANDLER = """
ignore_stop_signals()
signal.signal(signal.SIGTERM, lambda number, frame: os._exit(7))
pid = os.fork()
if pid == 0:
    os.kill(os.getpid(), signal.SIGTERM)
    live_on()
assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 7
"""
PROGRAM = """
ignore_stop_signals()
program = "import os, signal, time; os.kill(os.getpid(), signal.SIGTERM); time.sleep(2)"
assert subprocess.run([sys.executable, "-c", program]).returncode == -signal.SIGTERM
"""


@pytest.mark.parametrize(
    "script",
    [
        pytest.param(IGNORED, id="a_seat_lives_through_stop_signals"),
        pytest.param(TAKEN_BACK, id="what_a_task_took_is_taken_back"),
        pytest.param(NO_SEAT, id="where_there_is_no_seat_nothing_is_touched"),
        pytest.param(FORKED, id="a_forked_child_is_stopped_by_them"),
        pytest.param(STOPPED_AT_ONCE, id="a_child_that_has_not_run_a_line_is_stopped_by_them"),
        pytest.param(BLOCKED, id="what_a_task_has_blocked_stays_so"),
        pytest.param(RAISED, id="a_handler_that_raises_around_a_fork_leaves_nothing_blocked"),
        pytest.param(LEFT_BLOCKED, id="what_a_task_leaves_blocked_is_not_for_the_next"),
        pytest.param(LEFT_PENDING, id="a_signal_that_waits_behind_a_task_comes_to_nobody"),
        pytest.param(RAISED_IN_CHILD, id="a_handler_that_raises_in_a_child_leaves_nothing_blocked"),
        pytest.param(OWN_HANDLER, id="a_handler_of_the_tasks_own_is_kept_in_a_forked_child"),
        pytest.param(PROGRAM, id="a_program_that_a_task_starts_is_stopped_by_them"),
    ],
)
def test_a_stop_ends_what_a_task_starts_and_not_the_seat(script: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START + script], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
