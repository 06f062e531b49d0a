"""Doing a job's work once here, in a process of its own, under an allocation profile."""

from __future__ import annotations

import os
import select
import signal
import socket
import sys
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, NoReturn

from django.db import connections

from processing.memory.family import Family
from processing.memory.limit import begin_limit, is_refusal, lift_burst_limit
from processing.memory.peak import PeakMeter
from processing.memory.profiler import AllocationProfiler, Profile
from processing.memory.status import read_held_bytes, read_memory
from processing.memory.trim import trim_memory
from processing.models import Job
from processing.queue.cluster.channel import Channel, pack_message
from processing.queue.cluster.excess import find_place
from processing.queue.cluster.outcome import describe_status
from processing.queue.cluster.process_traits import die_with_parent
from processing.queue.failures import describe_exception
from processing.queue.work import load_work

RETURNED, RAISED, REFUSED = "returned", "raised an error", "was refused memory"
DIED, TIMED_OUT, OVER_LIMIT = "died", "took too long", "took more memory than it may"
#: The process is looked at so often, in seconds; between two looks the kernel's limit holds.
LOOK_SECONDS = 0.05
#: What else than Ctrl-C ends a command: a plain kill, and its terminal's end.
ENDS = signal.SIGTERM, signal.SIGHUP


@dataclass(kw_only=True)
class Rehearsal:
    """How it went.

    `outcome` is one of the constants above; `error` says more where it did not return.
    `peak_bytes` is with what it started and with what the profile takes. `profile` is the last one.
    """

    limit_bytes: int
    outcome: str = DIED
    error: str = ""
    seconds: float = 0.0
    peak_bytes: int = 0
    profile: Profile = field(default_factory=list)

    def take(self, message: Mapping[str, Any]) -> None:
        """Take in what the process has told: some of these fields."""
        peak_bytes = max(self.peak_bytes, message.get("peak_bytes") or 0)
        vars(self).update({**message, "peak_bytes": peak_bytes})


@contextmanager
def _interruptible() -> Iterator[None]:
    """ENDS raise KeyboardInterrupt as Ctrl-C does, where they would end this process at once."""
    numbers = [number for number in ENDS if signal.getsignal(number) is signal.SIG_DFL]
    for number in numbers:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        _restore(numbers)


def _restore(numbers: Iterable[int]) -> None:
    for number in numbers:
        signal.signal(number, signal.SIG_DFL)


@_interruptible()
def rehearse(job: Job, *, limit_bytes: int, timeout_seconds: float, line_count: int) -> Rehearsal:
    """Do the work of `job` in a forked process, which may add `limit_bytes`.

    Until it is seen to be over that it may have taken BURST_BYTES more. Changes nothing of the
    job's; what the work itself does it does. What the work prints goes to stderr. The process, and
    what it started, is killed when it is over its limit or has taken `timeout_seconds`, and before
    an exception leaves here; SIGTERM and SIGHUP raise KeyboardInterrupt meanwhile. For a process
    with one thread: its database connections are closed.
    """
    connections.close_all()
    trim_memory()  # or the work would use what we have freed, and seem to take less
    ours, theirs = socket.socketpair()
    began_at, parent_pid = time.monotonic(), os.getpid()
    base_bytes = read_held_bytes(parent_pid)
    pid = os.fork()
    if pid == 0:
        ours.close()
        _be_child(job, theirs, limit_bytes, line_count, parent_pid)
    theirs.close()
    rehearsal = Rehearsal(limit_bytes=limit_bytes)
    try:
        with ours, closing(Family(pid)) as family:
            _watch(Channel(ours), family, rehearsal, base_bytes, began_at + timeout_seconds)
    finally:
        status = _end(pid)
    rehearsal.seconds = time.monotonic() - began_at
    if rehearsal.outcome == DIED:
        rehearsal.error = describe_status(os.waitstatus_to_exitcode(status))
    return rehearsal


def _watch(
    channel: Channel, family: Family, rehearsal: Rehearsal, base_bytes: int, deadline: float
) -> None:
    """Take in what the process tells, until it ends or is to be ended."""
    streams, has_ended = [channel.stream], False
    while not has_ended:
        # What it started may hold its end of the socket open.
        state = os.waitid(os.P_PID, family.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        has_ended = state is not None
        try:
            for message in channel.receive() if streams else ():
                rehearsal.take(message)
        except EOFError:
            streams = []
        if not has_ended and (excess := _find_excess(family, rehearsal, base_bytes, deadline)):
            rehearsal.outcome = excess
            return
        if not has_ended:
            select.select(streams, [], [], LOOK_SECONDS)


def _find_excess(
    family: Family, rehearsal: Rehearsal, base_bytes: int, deadline: float
) -> str | None:
    """Why the process is to be ended now."""
    now, limit_bytes = time.monotonic(), rehearsal.limit_bytes
    with suppress(OSError):  # it has just ended
        grown_bytes = family.read(now, base_bytes=base_bytes, limit_bytes=limit_bytes)
        rehearsal.peak_bytes = max(rehearsal.peak_bytes, grown_bytes)
        if grown_bytes > limit_bytes and rehearsal.outcome == DIED:
            return OVER_LIMIT
    return TIMED_OUT if now >= deadline else None


def _end(pid: int) -> int:
    """Kill the child and what it started, as far as they live; returns the child's status."""
    for kill in (os.killpg, os.kill):  # it may not lead a group yet
        with suppress(ProcessLookupError):
            kill(pid, signal.SIGKILL)
    return os.waitpid(pid, 0)[1]


def _be_child(
    job: Job, stream: socket.socket, limit_bytes: int, line_count: int, parent_pid: int
) -> NoReturn:
    status = 1
    try:
        os.setsid()
        _restore(
            number for number in ENDS if signal.getsignal(number) is signal.default_int_handler
        )
        die_with_parent(parent_pid)
        os.dup2(sys.__stderr__.fileno() if sys.__stderr__ else 2, 1)
        sys.stdout = sys.stderr
        stream.sendall(pack_message(_do_work(job, stream, limit_bytes, line_count)))
        status = 0
    finally:
        with suppress(Exception):
            sys.stderr.flush()
        os._exit(status)


def _do_work(job: Job, stream: socket.socket, limit_bytes: int, line_count: int) -> dict[str, Any]:
    """The end of it, as fields of Rehearsal; each profile is told as it comes."""

    def tell(profile: Profile) -> None:
        stream.sendall(pack_message({"profile": profile}))

    meter = PeakMeter()
    profiler = AllocationProfiler(tell, limit_bytes=limit_bytes, line_count=line_count)
    begin_limit(limit_bytes, read_memory(os.getpid()))
    meter.begin()
    profiler.start()
    outcome, text = RETURNED, ""
    try:
        load_work(job)()
    except BaseException as error:
        outcome = REFUSED if is_refusal(error) else RAISED
        lift_burst_limit()
        place = find_place(traceback.format_exc())
        text = describe_exception(error) + (f"; it was in {place}" if place else "")
    peak_bytes = meter.read()
    profiler.stop()
    return {"outcome": outcome, "error": text, "peak_bytes": peak_bytes}
