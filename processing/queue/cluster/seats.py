"""All seats as the supervisor sees them: who is idle, who runs what, whom to start anew."""

from __future__ import annotations

import logging
import signal
import socket
from collections.abc import Callable, Iterator
from typing import Any

from processing.backoff import double_wait
from processing.memory.plan import WorkerPlan
from processing.queue.cluster.board import Board
from processing.queue.cluster.channel import BrokenChannel
from processing.queue.cluster.link import Link
from processing.queue.cluster.load import Load
from processing.queue.cluster.tickets import Tickets

logger = logging.getLogger(__name__)

#: Seats that die before they began with a task are started again at once so many times in a row…
FREE_RESTARTS = 8
#: …and then after a wait that doubles, in seconds. A task that a seat lives to take ends the row.
RESTART_FIRST_SECONDS = 0.1
RESTART_MOST_SECONDS = 5.0
#: A seat that lived for so long, in seconds, has not died from being started.
SETTLED_SECONDS = 10.0
#: The wait where the system gave no process, in seconds.
UNBORN_SECONDS = 1.0


class Seats:
    """All of them, as many as `plan` says. `ask` sends a message to the template.

    While `most_running` is a number no seat more than that is given a task.
    """

    def __init__(
        self, plan: WorkerPlan, board: Board, ask: Callable[[dict[str, Any]], None]
    ) -> None:
        count = plan.seats
        self._plan = plan
        self._board = board
        self._ask = ask
        self._links: dict[int, Link] = {}
        self._missing: dict[int, float] = dict.fromkeys(range(count), 0.0)
        self._early_deaths = 0
        self.restarts = -count
        self.is_closing = False
        self.most_running: int | None = None

    def __iter__(self) -> Iterator[Link]:
        return iter(list(self._links.values()))

    def __len__(self) -> int:
        return len(self._links)

    @property
    def load(self) -> Load:
        """What there is to do for them."""
        claims = [one.claim for link in self._links.values() for one in link.hand]
        return Load(
            idle_count=sum(link.is_idle for link in self._links.values()),
            waiting_count=len(claims) - self.busy_count,
            in_hand=tuple(claim.delivery for claim in claims),
            is_held=self.is_held or any(claim.runs_alone for claim in claims),
        )

    @property
    def is_held(self) -> bool:
        """Whether nothing more is to be begun: so many run as may, `most_running`."""
        return self.most_running is not None and self.busy_count >= self.most_running

    @property
    def busy_count(self) -> int:
        """How many seats have a task."""
        return sum(bool(link.hand) for link in self._links.values())

    def next_slow_at(self) -> float:
        """When the next seat has been slow for so long that others may do what waits for it."""
        return min((link.slow_at for link in self._links.values()), default=float("inf"))

    def start_missing(self, now: float) -> None:
        """Have those seats started whose time has come."""
        for index, start_at in list(self._missing.items()):
            if now >= start_at and not self.is_closing:
                del self._missing[index]
                self.restarts += 1
                self._ask({"fork": index})

    def next_start_at(self) -> float:
        """When the next missing seat is to be started."""
        if self.is_closing:
            return float("inf")
        return min(self._missing.values(), default=float("inf"))

    def add(self, index: int, pid: int, stream: socket.socket, tickets: Tickets) -> Link:
        """A seat has been started."""
        slot = self._board.slot(index)
        link = Link(
            index=index,
            pid=pid,
            slot=slot,
            stream=stream,
            tickets=tickets,
            plan=self._plan,
        )
        self._links[pid] = link
        return link

    def miss(self, index: int, now: float) -> None:
        """There was no process for a seat."""
        self._missing[index] = now + UNBORN_SECONDS

    def kill(self, link: Link) -> None:
        """End its process and what that has started."""
        self._ask({"signal": int(signal.SIGKILL), "pid": link.pid})

    def read(self, link: Link) -> list[dict[str, Any]]:
        """The reports that have come from a seat; one that is broken is killed.

        Profiles, which come before a report, are kept with the task that they are of.
        """
        reports = []
        try:
            for message in link.channel.receive():
                link.has_worked = True
                if "profile" in message:
                    link.keep_profile(message)
                else:
                    reports.append(message)
        except EOFError:
            link.is_leaving = True
            if link.hand and not reports:
                self.kill(link)
        except BrokenChannel:
            logger.error("seat %s wrote what is no report and is killed", link.pid)
            link.is_leaving = True
            self.kill(link)
        return reports

    def find(self, pid: int) -> Link | None:
        """The seat with this process id."""
        return self._links.get(pid)

    def remove(self, link: Link, now: float) -> None:
        """A seat has ended; another takes its place."""
        del self._links[link.pid]
        link.close()
        self._missing[link.index] = now + self._find_delay(link, now)

    def _find_delay(self, link: Link, now: float) -> float:
        has_worked = link.has_worked or link.slot.is_taken
        if has_worked or now - link.born_at >= SETTLED_SECONDS:
            self._early_deaths = 0
            return 0.0
        self._early_deaths += 1
        doublings = self._early_deaths - FREE_RESTARTS
        if doublings <= 0:
            return 0.0
        delay = double_wait(RESTART_FIRST_SECONDS, doublings, most_seconds=RESTART_MOST_SECONDS)
        logger.error("seats die as they start; the next one is started in %.1f s", delay)
        return delay

    def close(self) -> None:
        """Let every seat end, and start no more."""
        self.is_closing = True
        self._missing.clear()
        for link in self._links.values():
            link.leave()
