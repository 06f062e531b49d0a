"""The load line as a cluster keeps it: what is decided about memory is done to its seats."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any

from processing.memory.actions import Action, Kind, describe_usage
from processing.memory.leaks import Leak, Leaks
from processing.memory.line import Level, Line, SeatReading
from processing.memory.quota import Quota
from processing.memory.status import read_held_bytes
from processing.memory.units import MIB
from processing.queue.cluster.board import Order
from processing.queue.cluster.census import Reading
from processing.queue.cluster.link import Link
from processing.queue.cluster.memory_journal import MemoryJournal
from processing.queue.cluster.running import Running
from processing.queue.cluster.seats import Seats
from processing.queue.cluster.watch import Watch

#: What the guard has decided and the supervisor, which may wait for the database, has not done yet.
#: What is forgotten is decided again.
MOST_DUE = 100


class LineKeeper:
    """`judge` is for the guard's thread, which goes on while the database stalls.

    Everything else is for the supervisor's.
    """

    def __init__(self, seats: Seats, watch: Watch, quota: Quota, journal: MemoryJournal) -> None:
        self._seats = seats
        self._watch = watch
        self._quota = quota
        self._journal = journal
        self._line = Line()
        self._leaks = Leaks()
        self._due: deque[Action] = deque(maxlen=MOST_DUE)
        self._reading = Reading(at=float("-inf"), usage_bytes=0)

    def judge(self, reading: Reading) -> bool:
        """Decide, and stop what is to be stopped; whether to read again soon, though none runs."""
        self._reading = reading
        self._journal.sample(reading, self._seats)
        under_way = {one.seat_pid: one for one in self._watch.find_under_way()}
        level = self._find_level(reading, under_way)
        for action in self._line.decide(reading.at, level):
            if action.kind is Kind.RECYCLE:
                self._due.append(action)
                continue
            if action.kind is Kind.STOP and action.pid is not None:
                reason = f"The worker's machine was at its line, {level.describe()}"
                self._watch.order(under_way[action.pid], Order.MEMORY, reason)
            self._journal.note(action, reading)
        return self._line.most_running is not None

    def act(self, part_from: Callable[[Link], None]) -> None:
        """Do what was decided; `part_from` lets an idle seat end."""
        self._seats.most_running = self._line.most_running
        while self._due:
            action = self._due.popleft()
            link = None if action.pid is None else self._seats.find(action.pid)
            if link is not None and link.is_idle:
                part_from(link)
                self._journal.note(action, self._reading)

    def learn(self, link: Link, running: Running, report: Mapping[str, Any]) -> None:
        """A seat has told of a task."""
        size_bytes = report["held_bytes"]
        name = running.claim.name
        leak = self._leaks.begin(time.monotonic(), pid=link.pid, name=name, size_bytes=size_bytes)
        self._tell_of(leak, link)

    def forget(self, link: Link) -> None:
        """A seat has ended; it may have done so because it had grown."""
        size_bytes = link.slot.last_bytes
        name = self._leaks.find_last(link.pid)
        leak = self._leaks.leave(time.monotonic(), pid=link.pid, size_bytes=size_bytes or None)
        if size_bytes:
            grown_bytes = size_bytes - link.slot.start_bytes
            text = (
                f"seat {link.index + 1} (pid {link.pid}) made way for a new one after {name}, "
                f"idle with {size_bytes // MIB} MB, {grown_bytes // MIB} MB above its start"
            )
            self._note(Kind.RECYCLE, text, link)
        self._tell_of(leak, link)

    def _tell_of(self, leak: Leak | None, link: Link) -> None:
        if leak is not None:
            self._note(Kind.LEAK, leak.describe(), link)

    def _note(self, kind: Kind, text: str, link: Link) -> None:
        usage = describe_usage(self._reading.usage_bytes, self._quota.usable_bytes)
        action = Action(kind=kind, detail=f"{usage}: {text}", pid=link.pid, seat=link.index + 1)
        self._journal.note(action, self._reading)

    def _find_level(self, reading: Reading, under_way: Mapping[int, Running]) -> Level:
        seats = (_read_seat(link, under_way.get(link.pid)) for link in self._seats)
        return Level(
            used_bytes=reading.usage_bytes,
            quota_bytes=self._quota.usable_bytes,
            seats=tuple(seat for seat in seats if seat is not None),
        )


def _read_seat(link: Link, running: Running | None) -> SeatReading | None:
    """None for one that is gone, which is noticed by its exit."""
    try:
        size_bytes = read_held_bytes(link.pid)
    except OSError:
        return None
    task = "" if link.is_idle or link.is_leaving else "a task"
    return SeatReading(
        pid=link.pid,
        number=link.index + 1,
        size_bytes=size_bytes,
        start_bytes=link.slot.start_bytes or size_bytes,
        task=task if running is None else f"job {running.claim.delivery} ({running.claim.name})",
        turn=0 if running is None else running.turn,
        grown_bytes=0 if running is None else running.grown_bytes,
        is_ending=link.is_leaving or (running is not None and running.order is not Order.NONE),
    )
