"""Children of a process: how they begin and end. The scripts run in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys

START = """
import json, os, signal, sys, time
from processing.queue.cluster.processes import become_child, kill_group, peek_ended_child

def fork(be_child):
    pid = os.fork()
    if pid == 0:
        become_child(be_child)
    return pid

def reap():
    deadline = time.monotonic() + 20
    while (ended := peek_ended_child()) is None:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    assert peek_ended_child() == ended, "it stays to be reaped"
    pid, status = ended
    os.waitpid(pid, 0)
    return [pid, status]

def tell(*values):
    print(json.dumps(values))
"""
ENDS = """
assert peek_ended_child() is None, "there are none"
living = fork(lambda: time.sleep(600) or 0)
assert peek_ended_child() is None, "it lives"
kill_group(living)
tell(reap() == [living, -signal.SIGKILL], reap_of(3), reap_of("broken"))
"""
REAP_OF = """
def reap_of(status):
    def be_child():
        if status == "broken":
            raise ValueError("no")
        return status
    fork(be_child)
    return reap()[1]
"""
GROUP = """
reader, writer = os.pipe()

def be_leader():
    os.setsid()
    if os.fork() == 0:
        os.write(writer, b"x")
        time.sleep(2)
        os.write(writer, b"it lives on")
        os._exit(0)
    time.sleep(600)

pid = fork(be_leader)
os.read(reader, 1)
os.close(writer)
kill_group(pid)
reap()
tell(os.read(reader, 1) == b"")
"""
SIGNALS = """
stop = signal.SIGTERM
signal.signal(stop, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, [stop])

def be_child():
    default = signal.getsignal(stop) is signal.SIG_DFL
    return 0 if default and stop not in signal.pthread_sigmask(signal.SIG_BLOCK, []) else 1

fork(be_child)
tell(reap()[1])
"""


def run(script: str) -> list[object]:
    """Run the script behind START; returns what it told."""
    done = subprocess.run(
        [sys.executable, "-c", START + script], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    told: list[object] = json.loads(done.stdout)
    return told


def test_children_that_ended_are_found_with_their_status_and_stay_to_be_reaped() -> None:
    assert run(REAP_OF + ENDS) == [True, 3, 1]


def test_a_group_is_killed_as_a_whole() -> None:
    assert run(GROUP) == [True]


def test_a_child_has_the_default_signals_back() -> None:
    assert run(SIGNALS) == [0]
