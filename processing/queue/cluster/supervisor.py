"""The supervisor: claims jobs, gives them to seats one at a time, and settles how they ended."""

from __future__ import annotations

import logging
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable
from dataclasses import replace
from multiprocessing.process import current_process
from typing import Any

from processing.queue.cluster.board import Board, Order
from processing.queue.cluster.control import SEAT_SOCKETS, Control
from processing.queue.cluster.desk import Desk
from processing.queue.cluster.hands import Hands
from processing.queue.cluster.ledger import Ledger
from processing.queue.cluster.link import Link
from processing.queue.cluster.memory import Memory
from processing.queue.cluster.options import ClusterOptions
from processing.queue.cluster.outcome import make_death_ending, make_ending
from processing.queue.cluster.pace import Pace
from processing.queue.cluster.process_traits import die_with_parent, name_process
from processing.queue.cluster.processes import listen_to_signals
from processing.queue.cluster.running import Running
from processing.queue.cluster.seats import Seats
from processing.queue.cluster.stat import StatBoard, Vitals
from processing.queue.cluster.stop import Stop
from processing.queue.cluster.tickets import Tickets
from processing.queue.cluster.vitals import describe_cluster
from processing.queue.cluster.watch import Watch
from processing.queue.cluster_name import ClusterName

logger = logging.getLogger(__name__)

#: Without any other sign the loop looks round so often, in seconds.
LONGEST_SLEEP_SECONDS = 2.0


class Supervisor:
    """One loop over the seats' sockets, the template's line and the database's signs."""

    def __init__(
        self, control: Control, board: Board, name: ClusterName, options: ClusterOptions
    ) -> None:
        self._control = control
        self._options = options
        self._selector = selectors.DefaultSelector()
        self._seats = Seats(options.plan, board, control.send)
        self._watch = Watch(lambda pid, number: control.send({"signal": number, "pid": pid}))
        ledger = Ledger(name, options)
        self._memory = Memory.look_after(
            self._seats, self._watch, name=name, plan=options.plan, samples=ledger.samples
        )
        gatekeeper = self._memory.gatekeeper
        self._pace = Pace(options.plan.seats)
        self._stop = Stop(options.grace_seconds)
        stats = StatBoard(template_pid=name.pid, pid=os.getpid())
        self._desk = Desk(ledger, self._pace, gatekeeper, stats, self._selector)
        ready = self._desk.ready
        self._hands = Hands(self._seats, gatekeeper, self._watch, ready, self._await_room)

    def run(self) -> int:
        """Work until a stop is asked for and done, or the queue is drained; the exit status."""
        self._listen(self._control.stream, self._take_messages)
        self._listen_to_signals()
        self._watch.start()
        self._memory.guard.start()
        while not self._is_done(time.monotonic()):
            self._tick()
        self._seats.close()
        self._desk.close(replace(self._describe(), has_stopped=True))
        return 0

    def _listen(self, stream: socket.socket | int, answer: Callable[[], None]) -> None:
        self._selector.register(stream, selectors.EVENT_READ, answer)

    def _listen_to_signals(self) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # the template's; it tells us
        self._signal_fd = listen_to_signals((signal.SIGTERM, signal.SIGHUP))
        self._listen(self._signal_fd, self._take_signals)

    def _take_signals(self) -> None:
        os.read(self._signal_fd, 4096)
        self._stop.ask(time.monotonic())

    def _tick(self) -> None:
        for key, _ in self._selector.select(self._find_sleep_seconds(time.monotonic())):
            key.data()
        now = time.monotonic()
        self._advance_stop(now)
        self._memory.keeper.act(self._part_from)
        self._hands.take_back_from_slow(now)
        self._hand_out(now)
        self._hands.obey(self._desk.work(now, self._seats.load))
        self._hand_out(now)
        for link in self._memory.gatekeeper.find_worn_seats():
            self._part_from(link)
        self._desk.publish(now, self._describe)
        self._seats.start_missing(now)

    def _hand_out(self, now: float) -> None:
        if self._desk.is_full or self._seats.is_held:
            self._hands.take_back_all()
        elif self._desk.accepts:
            self._hands.hand_out(now, most_in_hand=self._pace.most_in_hand)

    def _find_sleep_seconds(self, now: float) -> float:
        ends = [
            now + LONGEST_SLEEP_SECONDS,
            self._desk.next_at(self._seats.load),
            self._seats.next_start_at(),
            self._seats.next_slow_at(),
            self._stop.next_at(now),
        ]
        return max(0.0, min(ends) - now)

    def _take_messages(self) -> None:
        try:
            messages = self._control.receive()
        except EOFError:
            os._exit(1)  # the template is dead, and its seats with it
        for message in messages:
            if "seat" in message:
                self._add_seat(message)
            elif "exit" in message:
                self._remove_seat(message["exit"], message["status"])
            elif "unborn" in message:
                self._seats.miss(message["unborn"], time.monotonic())
            else:
                self._stop.ask(time.monotonic(), at_once=message["stop"] > 1)

    def _add_seat(self, message: dict[str, Any]) -> None:
        stream, issued, taken = (self._control.take_socket() for _ in range(SEAT_SOCKETS))
        link = self._seats.add(message["seat"], message["pid"], stream, Tickets(issued, taken))
        self._listen(stream, lambda: self._take_reports(link))

    def _remove_seat(self, pid: int, status: int) -> None:
        link = self._seats.find(pid)
        if link is None:
            return
        if not link.is_deaf:
            self._take_reports(link)  # what it had still said
        self._hands.take_back(link)
        lost = list(link.hand)
        link.hand.clear()
        self._part_from(link)
        self._memory.keeper.forget(link)
        self._seats.remove(link, time.monotonic())
        for running in lost:
            self._watch.end(running)
            self._end_lost(running, status)

    def _end_lost(self, running: Running, status: int) -> None:
        """A seat died with this task in hand."""
        if running.slot.begun < running.turn and running.order is Order.NONE:
            self._desk.ready.take_in([running.claim])  # the next seat begins it
            return
        logger.error("seat %s died with job %s", running.seat_pid, running.claim.delivery)
        ending = make_death_ending(running, status=status, is_stopping=self._stop.is_asked)
        self._memory.gatekeeper.learn(running.claim, ending.peak_memory_bytes)
        self._desk.add(ending)

    def _take_reports(self, link: Link) -> None:
        link.channel.flush()
        self._await_room(link)
        for report in self._seats.read(link):
            self._finish(link, report)
        if link.is_leaving:
            self._hands.take_back(link)
            if not link.hand:
                self._part_from(link)

    def _finish(self, link: Link, report: dict[str, Any]) -> None:
        running = link.finish(report)
        if running is None:
            logger.error("seat %s reported a task that it was not given", link.pid)
            return
        self._watch.end(running)
        link.is_leaving |= report["is_leaving"] or running.order is not Order.NONE
        ending = make_ending(running, report, is_stopping=self._stop.is_asked)
        self._pace.learn(report["ended_at"] - report["began_at"])
        self._memory.gatekeeper.learn(running.claim, ending.peak_memory_bytes)
        self._memory.keeper.learn(link, running, report)
        if ending.error.get("error_code"):
            logger.warning(
                "job %s ended as %s: %s",
                running.claim.delivery,
                ending.outcome,
                ending.error["error_message"],
            )
        self._desk.add(ending)

    def _await_room(self, link: Link) -> None:
        """Be told when the rest of a message fits into the seat's socket."""
        events = selectors.EVENT_READ
        if link.channel.has_more_to_send:
            events |= selectors.EVENT_WRITE
        if events != link.events:
            link.events = events
            self._selector.modify(link.channel.stream, events, lambda: self._take_reports(link))

    def _part_from(self, link: Link) -> None:
        """Hear no more of a seat that leaves; it takes the closed socket as its leave."""
        if not link.is_deaf:
            link.is_deaf = True
            self._selector.unregister(link.channel.stream)
        link.leave()

    def _advance_stop(self, now: float) -> None:
        if not self._stop.is_asked:
            return
        if self._desk.accepts:
            self._desk.stop_accepting()
            self._seats.is_closing = True
        self._hands.take_back_all()
        for link in self._seats:
            for running in link.hand if self._stop.is_grace_over(now) else ():
                self._watch.order(running, Order.STOP)
            if not link.hand:
                self._part_from(link)

    def _is_done(self, now: float) -> bool:
        if self._stop.is_asked and self._stop.is_overdue(now):
            logger.error("stopped without having settled all; leases give it to others")
            return True
        if self._seats.busy_count or self._desk.has_work:
            return False
        return self._stop.is_asked or (self._options.once and self._desk.found_nothing)

    def _describe(self) -> Vitals:
        return describe_cluster(self._seats, self._desk, self._stop)


def run_supervisor(
    control: Control,
    board: Board,
    name: ClusterName,
    options: ClusterOptions,
    *,
    parent_pid: int,
) -> int:
    """Be the supervisor of the cluster `name`; returns the exit status, 0 for a wanted end."""
    die_with_parent(parent_pid)
    name_process("q supervisor")
    current_process().name = "supervisor"
    return Supervisor(control, board, name, options).run()
