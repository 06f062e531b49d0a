"""One seat as the supervisor sees it: its process, its sockets, and the tasks in its hands."""

from __future__ import annotations

import selectors
import socket
import time
from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

from processing.memory.plan import WorkerPlan
from processing.queue.claims import Claim
from processing.queue.cluster.board import Slot
from processing.queue.cluster.channel import Channel
from processing.queue.cluster.running import Running
from processing.queue.cluster.tickets import Tickets

#: What waits in a seat's hands behind a task that takes longer, in seconds, is taken back.
SLOW_SECONDS = 0.02
#: A seat that has not begun with its task after so long, in seconds, hangs. It is longer than the
#: supervisor, who may have to send the rest of a package, ever waits for the database.
STUCK_SECONDS = 15.0


class Link:
    """The first task in `hand` runs or is about to; the seat goes on with the others by itself."""

    def __init__(
        self,
        *,
        index: int,
        pid: int,
        slot: Slot,
        stream: socket.socket,
        tickets: Tickets,
        plan: WorkerPlan,
    ) -> None:
        self.index = index
        self.pid = pid
        self.slot = slot
        self.channel = Channel(stream)
        self.hand: deque[Running] = deque()
        self.is_leaving = False
        self.is_deaf = False
        self.events = selectors.EVENT_READ
        self.born_at = self._moved_at = time.monotonic()
        self.has_worked = False
        self._tickets = tickets
        self._plan = plan
        self._turn = 0

    @property
    def is_idle(self) -> bool:
        """Whether it has nothing to do and can be given a task."""
        return not self.hand and not self.is_leaving

    @property
    def slow_at(self) -> float:
        """When what waits in its hands is to be taken back."""
        return self._moved_at + SLOW_SECONDS if len(self.hand) > 1 else float("inf")

    def is_stuck(self, now: float) -> bool:
        """Whether it hangs: it has been given a task and does not begin."""
        if not self.hand or self.is_leaving or self.slot.begun >= self.hand[0].turn:
            return False
        return now >= self._moved_at + STUCK_SECONDS

    def has_room(self, most: int, now: float) -> bool:
        """Whether it can be given a task to have `most` of them at most in its hands."""
        if self.is_idle or self.is_leaving:
            return self.is_idle
        is_quick = now < self._moved_at + SLOW_SECONDS
        return is_quick and len(self.hand) < most and not self.channel.has_more_to_send

    def give(self, claims: Iterable[Claim]) -> list[Running]:
        """Give it tasks, to be run in this order."""
        given = [self._make_running(claim) for claim in claims]
        if not self.hand:
            self._moved_at = time.monotonic()
        self.hand.extend(given)
        self.channel.send([_make_message(running) for running in given])
        self._tickets.issue(running.turn for running in given)
        return given

    def take_back(self) -> list[Running]:
        """Take out of its hands what it has not begun and will not begin now."""
        turns = self._tickets.take_back()
        back = [running for running in self.hand if running.turn in turns]
        for _ in back:
            self.hand.pop()
        return back

    def take_back_waiting(self) -> list[Running]:
        """The same without the first, which it is to begin by itself, however late."""
        back = self.take_back()
        if back and not self.hand:
            first = back.pop(0)
            self.hand.append(first)
            self._tickets.issue([first.turn])
        return back

    def finish(self, report: Mapping[str, Any]) -> Running | None:
        """The task that a report is of, out of its hands; None where it was given no such task."""
        if not self.hand or not self.hand[0].is_of(report):
            return None
        self._moved_at = time.monotonic()
        return self.hand.popleft()

    def keep_profile(self, message: Mapping[str, Any]) -> None:
        """Keep what the task in its hands has allocated so far, instead of what was told before."""
        if self.hand and self.hand[0].is_of(message):
            self.hand[0].profile = message["profile"]

    def leave(self) -> None:
        """Let it end; at once when it is idle, otherwise behind its tasks."""
        self.is_leaving = True
        if not self.hand:
            self.close()

    def close(self) -> None:
        """Close its sockets."""
        self.channel.close()
        self._tickets.close()

    def _make_running(self, claim: Claim) -> Running:
        self._turn += 1
        plan = self._plan
        limit_bytes = plan.limit_task(claim.memory_limit_bytes, is_alone=claim.runs_alone)
        return Running(
            claim=claim,
            seat_pid=self.pid,
            slot=self.slot,
            turn=self._turn,
            limit_bytes=limit_bytes,
        )


def _make_message(running: Running) -> dict[str, Any]:
    claim = running.claim
    return {
        "turn": running.turn,
        "job": claim.delivery.job_id.hex,
        "delivery": claim.delivery.number,
        "timeout_seconds": claim.timeout_seconds,
        "limit_bytes": running.limit_bytes,
        "is_profiled": claim.runs_alone,
        "package": claim.package,
    }
