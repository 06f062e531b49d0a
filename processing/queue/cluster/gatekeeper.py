"""The gate as a supervisor keeps it: with what its seats have in hand and the guard has read."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from uuid import UUID

from processing.memory.gate import Gate, Waiting
from processing.memory.plan import show
from processing.memory.room import Hand, Room
from processing.queue.claims import Choose, Claim
from processing.queue.cluster.guard import Guard
from processing.queue.cluster.link import Link
from processing.queue.cluster.seats import Seats
from processing.queue.due import Due

logger = logging.getLogger(__name__)

#: While a job waits for room it is looked so often whether there is some, in seconds, besides each
#: time that a task ends: usage is read as often.
LOOK_SECONDS = 1.0
#: The same while seats are replaced for it, which takes some milliseconds.
REPLACING_LOOK_SECONDS = 0.02


class Gatekeeper:
    """Lets in what fits, when jobs are claimed and again when they are handed out."""

    def __init__(self, gate: Gate, seats: Seats, guard: Guard) -> None:
        self._gate = gate
        self._seats = seats
        self._guard = guard
        self._told_id: UUID | None = None

    @property
    def has_waiting(self) -> bool:
        """Whether a job that is due waits for room."""
        return self._gate.waiting is not None

    @property
    def look_seconds(self) -> float:
        """How long until it is to be looked again, whatever else happens."""
        if self._gate.wants_fresh_seats:
            return REPLACING_LOOK_SECONDS
        return LOOK_SECONDS if self.has_waiting else float("inf")

    def recall(self, peaks: Mapping[str, Sequence[int]]) -> None:
        """These are the peaks of tasks that ran before, by name, the newest first."""
        for name, newest_first in peaks.items():
            for peak_bytes in reversed(newest_first):
                self._gate.peaks.learn(name, peak_bytes)

    def learn(self, claim: Claim, peak_bytes: int | None) -> None:
        """A task has ended that took so much, as far as that is known."""
        if peak_bytes is not None:
            self._gate.peaks.learn(claim.name, peak_bytes)

    def find_choice(self, ready: Iterable[Claim], now: float, *, count: int) -> Choose | None:
        """How to choose at most `count` of the due jobs; None where the first ones are to be taken.

        `ready` are claimed and in no seat's hands.
        """
        if not self._gate.is_short(self._find_room_beside(ready)):
            self._gate.wants_fresh_seats = False
            return None
        return partial(self._choose, ready, now, count)

    def find_room(self) -> Room:
        """What may be handed out now."""
        base_bytes = self._guard.reading.base_bytes
        return self._gate.find_room(base_bytes, map(_describe_hand, self._seats))

    def admit(self, claim: Claim, room: Room, now: float) -> bool:
        """Whether a claimed job is to be handed out; if not, it is to be put back."""
        if self._gate.admit(claim, room):
            return True
        self._gate.refuse(claim, now)
        return False

    def expect(self, claim: Claim) -> int:
        """What a job may take at its peak, in bytes."""
        return self._gate.expect(claim)

    def find_worn_seats(self) -> list[Link]:
        """Idle seats that are to be replaced now, because a job waits for what they have grown."""
        if not self._gate.wants_fresh_seats:
            return []
        worn = [link for link in self._seats if link.is_idle and link.has_worked]
        if worn and self._gate.waiting is not None:
            pids = ", ".join(str(link.pid) for link in worn)
            text = "memory: seats %s make way for new ones, because nothing runs and job %s waits"
            logger.info(text + " for %s", pids, *self._describe_need(self._gate.waiting))
        return worn

    def _choose(
        self, ready: Iterable[Claim], now: float, count: int, due: Iterable[Due]
    ) -> list[Due]:
        room = self._find_room_beside(ready)
        has_fresh_seats = not any(link.has_worked for link in self._seats)
        chosen = self._gate.choose(due, room, now, count=count, has_fresh_seats=has_fresh_seats)
        waiting = self._gate.waiting
        if waiting is not None and waiting.has_reserved(now) and self._told_id != waiting.job_id:
            self._told_id = waiting.job_id
            text = "memory: no other job begins before %s, which has waited %g s for %s"
            job_id, need = self._describe_need(waiting)
            logger.info(text, job_id, now - waiting.since, need)
        return chosen

    def _describe_need(self, waiting: Waiting) -> tuple[UUID, str]:
        left = show(max(0, self.find_room().left_bytes))
        return waiting.job_id, f"{show(waiting.expected_bytes)} of memory, with {left} left"

    def _find_room_beside(self, ready: Iterable[Claim]) -> Room:
        room = self.find_room()
        for claim in ready:
            self._gate.admit(claim, room)
        return room


def _describe_hand(link: Link) -> Hand:
    if not link.hand:
        return Hand(is_closed=link.is_leaving)
    return Hand(
        expected_bytes=max(running.expected_bytes for running in link.hand),
        grown_bytes=link.hand[0].grown_bytes,
        is_empty=False,
        is_closed=link.is_leaving,
        runs_alone=link.hand[0].claim.runs_alone,
    )
