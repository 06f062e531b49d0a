"""The load line of a cluster: what is done when its machine comes close to the quota.

At PAUSE_SHARE nothing new is begun, and idle seats that have grown are replaced, the fattest first
and one at a time, until usage is below RESUME_SHARE. At STOP_SHARE the task that has grown most is
stopped. Where all of that frees nothing more, because others hold the memory, tasks run one at a
time, however much is in use: a queue that stands still for ever would be no better.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from processing.memory.actions import Action, Kind, describe_usage
from processing.memory.sizes import PAUSE_SHARE, RESUME_SHARE
from processing.memory.units import MIB

#: At this part the task that has grown most is stopped, before the kernel chooses.
STOP_SHARE = 0.97
#: An idle seat or a task that has grown by less is left alone: a seat grows by 2 to 4 MB with its
#: first hundred tasks, and the next one would too.
WORTH_BYTES = 4 * MIB
#: A seat that the line had end, or end its task, has so long to do it before anything else is done,
#: in seconds: a task that goes on is killed 2 s after its order, and the next reading is 1 s away.
#: What is ended for other reasons delays nothing: such ends may follow each other without a gap.
EFFECT_SECONDS = 3.0
#: With nothing that runs and nothing left to free, tasks are begun one at a time after so long, in
#: seconds; whoever else is on the machine may need as long to give memory back.
STUCK_SECONDS = 10.0


@dataclass(frozen=True, kw_only=True)
class SeatReading:
    """One seat, which holds `size_bytes` now and held `start_bytes` when it was forked.

    Both are without the pages of files. `number` is counted from 1. `task` says what it is at,
    empty for an idle seat; `turn` is that task's and `grown_bytes` what it has added. `is_ending`
    is said of a seat that was ordered to end, or to end its task, and has not done so yet.
    """

    pid: int
    number: int
    size_bytes: int
    start_bytes: int
    task: str = ""
    turn: int = 0
    grown_bytes: int = 0
    is_ending: bool = False

    @property
    def extra_bytes(self) -> int:
        """How much it has grown since its fork."""
        return self.size_bytes - self.start_bytes


@dataclass(frozen=True, kw_only=True)
class Level:
    """What counts against the quota at one moment, and every seat."""

    used_bytes: int
    quota_bytes: int
    seats: tuple[SeatReading, ...] = ()

    @property
    def share(self) -> float:
        """The part of the quota that is in use."""
        return self.used_bytes / self.quota_bytes

    def describe(self) -> str:
        """Its numbers, such as "447 of 512 MB (87.3 %)"."""
        return describe_usage(self.used_bytes, self.quota_bytes)


class Line:
    """Decides, reading by reading. `most_running` is how many tasks may run; None for any number.

    What runs is never ended for that bound; only nothing more is begun.
    """

    def __init__(self) -> None:
        self.most_running: int | None = None
        self._is_paused = False
        self._is_one_by_one = False
        self._stuck_at: float | None = None
        self._acted_at: dict[int, float] = {}

    def decide(self, now: float, level: Level) -> list[Action]:
        """What is to be done now; `now` is of the monotonic clock, in seconds.

        An action that could not be done is decided again with the next reading.
        """
        actions = list(self._pause_or_resume(level))
        if not self._waits_for_effect(now, level):
            if self._is_paused:
                actions += self._free(now, level)
            if level.share >= STOP_SHARE:
                actions += _stop_largest(level)
        self._acted_at |= {action.pid: now for action in actions if action.pid is not None}
        self.most_running = int(self._is_one_by_one) if self._is_paused else None
        return actions

    def _pause_or_resume(self, level: Level) -> Iterator[Action]:
        if not self._is_paused and level.share >= PAUSE_SHARE:
            self._is_paused = True
            yield _act(Kind.PAUSE, level, "paused, no task is begun")
        elif self._is_paused and level.share < RESUME_SHARE:
            self._is_paused = self._is_one_by_one = False
            self._stuck_at = None
            yield _act(Kind.RESUME, level, "resumed")

    def _free(self, now: float, level: Level) -> Iterator[Action]:
        """Replace the fattest idle seat; where there is none and nothing runs, count the time."""
        idle = [seat for seat in level.seats if not seat.task and not seat.is_ending]
        fattest = max(idle, key=lambda seat: seat.extra_bytes, default=None)
        if fattest is not None and fattest.extra_bytes >= WORTH_BYTES:
            self._stuck_at = None
            yield _recycle(fattest, level)
        elif len(idle) < len(level.seats):
            self._stuck_at = None  # what runs will give something back
        elif self._stuck_at is None:
            self._stuck_at = now
        elif now >= self._stuck_at + STUCK_SECONDS and not self._is_one_by_one:
            self._is_one_by_one = True
            yield _act(Kind.ONE_BY_ONE, level, "nothing is left to free, one task at a time")

    def _waits_for_effect(self, now: float, level: Level) -> bool:
        ending = {seat.pid for seat in level.seats if seat.is_ending}
        self._acted_at = {pid: at for pid, at in self._acted_at.items() if pid in ending}
        return any(now < at + EFFECT_SECONDS for at in self._acted_at.values())


def _recycle(seat: SeatReading, level: Level) -> Action:
    what = (
        f"recycled seat {seat.number} (pid {seat.pid}), idle with {seat.size_bytes // MIB} MB, "
        f"{seat.extra_bytes // MIB} MB above its start"
    )
    return _act(Kind.RECYCLE, level, what, seat)


def _stop_largest(level: Level) -> Iterator[Action]:
    running = [seat for seat in level.seats if seat.task and not seat.is_ending]
    largest = max(running, key=lambda seat: seat.grown_bytes, default=None)
    if largest is not None and largest.grown_bytes >= WORTH_BYTES:
        grown = f"{largest.grown_bytes // MIB} MB"
        what = f"stopped {largest.task} in seat {largest.number}, grown most, by {grown}"
        yield _act(Kind.STOP, level, what, largest)


def _act(kind: Kind, level: Level, what: str, seat: SeatReading | None = None) -> Action:
    detail = f"{level.describe()}: {what}"
    if seat is None:
        return Action(kind=kind, detail=detail)
    return Action(kind=kind, detail=detail, pid=seat.pid, seat=seat.number, turn=seat.turn)
