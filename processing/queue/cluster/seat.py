"""A seat: a process that runs django-q2's worker loop, one task at a time."""

from __future__ import annotations

import os
import pydoc
import socket
import sys
import threading
import time
import traceback
from contextlib import nullcontext, suppress
from functools import lru_cache
from multiprocessing.process import current_process
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from django_q import worker as django_q_worker
from django_q.conf import Conf
from django_q.signals import post_execute_in_worker, pre_execute
from django_q.signing import SignedPackage

from processing.memory.limit import begin_limit
from processing.memory.own_memory import OwnMemory
from processing.memory.peak import PeakMeter
from processing.memory.sizes import THREAD_STACK_BYTES
from processing.queue.claims import Delivery
from processing.queue.cluster.board import Order, Slot
from processing.queue.cluster.call import CallSignal, CallWindow
from processing.queue.cluster.channel import SOCKET_LOST_STATUS, pack_message, read_message
from processing.queue.cluster.last_stack import offer_stack
from processing.queue.cluster.leftovers import Leftovers
from processing.queue.cluster.process_traits import die_with_parent, name_process
from processing.queue.cluster.report import Report, report_failure, report_task
from processing.queue.cluster.seat_profile import SeatProfile
from processing.queue.cluster.seat_signals import ignore_stop_signals
from processing.queue.cluster.seat_size import SeatSize
from processing.queue.cluster.tickets import take_ticket
from processing.queue.current import current
from processing.queue.failures import MEMORY_LIMIT_EXCEEDED, describe_exception

#: What django-q2's loop takes as the end of its queue.
STOP = "STOP"
#: So many functions are searched by their names only once; a search asks the file system.
LOCATED_MOST = 256


class Timer:
    """What django-q2's loop notes its time in; the supervisor watches the time itself."""

    value = -1.0

    def get_lock(self) -> nullcontext[None]:
        """Nobody else looks at it."""
        return nullcontext()


class Seat:
    """The loop's task queue and its result queue: both are the socket to the supervisor."""

    def __init__(self, stream: socket.socket, tickets: socket.socket, slot: Slot) -> None:
        self._stream = stream
        self._tickets = tickets
        self._slot = slot
        self._pid = os.getpid()
        self._inodes = self._find_inodes()
        self._memory = OwnMemory()
        self._peak = PeakMeter()
        self._size = SeatSize(slot)
        self._leftovers = Leftovers()
        self._peak_bytes = 0
        self._profile = SeatProfile(self._write)
        self.window = CallWindow(slot, self._profile)
        self._writing = threading.Lock()
        self._taken_count = 0
        self._is_leaving = False
        self._began_at = time.monotonic()

    def get(self) -> Any:
        """Wait for the next task; STOP when there will be none."""
        self._end_forked_child()
        while not self._is_done() and (message := self._await_task()) is not None:
            self._take(message)
            try:
                return self._unpack(message)
            except Exception as error:  # unpickling raises whatever the pickled classes raise
                text = f"The job cannot be unpacked: {describe_exception(error)}"
                self._fail(error, text, is_final=True)
        return STOP

    def put(self, task: dict[str, Any]) -> None:
        """Tell how the task ended."""
        self._end_forked_child()
        self.window.close()
        self._profile.end()
        self._is_leaving = self._is_last()
        try:
            report = report_task(task)
        except MemoryError as error:
            self._fail(error, "There is not enough memory to store the result.")
            return
        self._send(self._judge(report))

    def report_crash(self, error: BaseException) -> None:
        """Tell what ended the loop itself: a receiver of a signal, or a module that won't load."""
        self._end_forked_child()
        self.window.close()
        if current.delivery is not None:
            self._is_leaving = True
            self._fail(error, describe_exception(error))

    def _fail(self, error: BaseException, text: str, *, is_final: bool = False) -> None:
        """Tell of a task that ended outside of its call, in the handler of `error`."""
        self.window.judge(error)
        self._profile.end()
        self._send(self._judge(report_failure(text, traceback.format_exc(), is_final=is_final)))

    def _judge(self, report: Report) -> Report:
        """The report; of a task that was refused memory it says so, and the seat is used up."""
        if not self.window.was_refused_memory or report["error"] is None:
            return report
        self._is_leaving = True
        error = {**report["error"], "error_code": MEMORY_LIMIT_EXCEEDED}
        return {**report, "outcome": MEMORY_LIMIT_EXCEEDED, "error": error, "is_final": False}

    def _is_done(self) -> bool:
        """Whether the loop is to end, now that the last task's report is away."""
        if self._is_leaving or not self._taken_count:
            return self._is_leaving
        held_bytes = self._slot.size_bytes
        is_grown = self._size.is_grown(held_bytes=held_bytes, peak_bytes=self._peak_bytes)
        return is_grown or self._leftovers.are_there()

    def _await_task(self) -> dict[str, Any] | None:
        """The next message that there is a ticket for; what has none has been taken back."""
        turn = take_ticket(self._tickets)
        message = None if turn is None else read_message(self._stream)
        while message is not None and message["turn"] != turn:
            message = read_message(self._stream)
        return message

    def _take(self, message: dict[str, Any]) -> None:
        self._began_at = time.monotonic()
        memory = self._memory.read()
        begin_limit(message["limit_bytes"], memory)
        sizes = memory.held_bytes, memory.unfilled_bytes
        self._slot.begin(message["turn"], self._began_at, *sizes)
        self._peak.begin()
        delivery = Delivery(job_id=UUID(message["job"]), number=message["delivery"])
        current.begin(delivery)
        self.window.timeout_seconds = message["timeout_seconds"]
        self.window.was_refused_memory = False
        if message["is_profiled"]:
            self._profile.begin(delivery, limit_bytes=message["limit_bytes"])

    def _unpack(self, message: dict[str, Any]) -> dict[str, Any]:
        task: dict[str, Any] = SignedPackage.loads(message["package"])
        task["cluster"] = Conf.CLUSTER_NAME
        task["ack_id"] = str(current.delivery)
        task["timeout"] = -1  # for the loop; see Timer
        self._taken_count += 1
        return task

    def _is_last(self) -> bool:
        """Whether the loop will end behind this task."""
        is_recycled = self._taken_count == Conf.RECYCLE or django_q_worker.rss_check()
        return is_recycled or self._slot.order is not Order.NONE

    def _send(self, report: Report) -> None:
        assert current.delivery is not None
        try:
            packed = pack_message(self._finish(report))
        except ValueError as error:
            report = report_failure(str(error), code="result_too_large", is_final=True)
            packed = pack_message(self._finish(report))
        except TypeError as error:
            text = f"How the task ended cannot be told: {error}"
            packed = pack_message(self._finish(report_failure(text, is_final=True)))
        self._slot.end()
        try:
            self._write(packed)
        except OSError:
            os._exit(SOCKET_LOST_STATUS)
        self._slot.tell()
        current.end()

    def _write(self, packed: bytes) -> None:
        """Send a whole message. Raises OSError where a task has closed or replaced our socket."""
        with self._writing:
            if self._find_inodes() != self._inodes:
                raise OSError("The socket of the seat is another one.")
            self._stream.sendall(packed)

    def _finish(self, report: Report) -> dict[str, Any]:
        assert current.delivery is not None
        peak_bytes = self._peak.read()
        self._peak_bytes = peak_bytes or 0
        return {
            **report,
            "job": current.delivery.job_id.hex,
            "delivery": current.delivery.number,
            "began_at": self._began_at,
            "ended_at": time.monotonic(),
            "held_bytes": self._slot.size_bytes,
            "peak_memory_bytes": peak_bytes,
            "is_leaving": self._is_leaving,
        }

    def _find_inodes(self) -> list[int]:
        """What the numbers of our sockets stand for. Raises OSError where a task closed one."""
        return [os.fstat(stream.fileno()).st_ino for stream in (self._stream, self._tickets)]

    def _end_forked_child(self) -> None:
        """End a process that a task forked and that came back out of the task's function."""
        if os.getpid() != self._pid:
            os._exit(0)


def run_seat(
    stream: socket.socket, tickets: socket.socket, slot: Slot, *, index: int, parent_pid: int
) -> None:
    """Be seat `index` until the supervisor closes the other ends, or orders to leave."""
    os.setsid()  # a group of its own: what the task starts can be ended with it
    die_with_parent(parent_pid)
    name_process(f"q seat {index + 1}")
    ignore_stop_signals()
    offer_stack()
    threading.stack_size(THREAD_STACK_BYTES)
    current_process().name = f"seat-{index + 1}"
    for ours in (stream, tickets):
        ours.settimeout(None)  # whatever socket.setdefaulttimeout says
    seat = Seat(stream, tickets, slot)
    django_q_worker.TimeoutHandler = seat.window
    django_q_worker.pydoc = SimpleNamespace(locate=lru_cache(LOCATED_MOST)(pydoc.locate))
    django_q_worker.pre_execute = CallSignal(pre_execute)
    django_q_worker.post_execute_in_worker = CallSignal(post_execute_in_worker)
    try:
        django_q_worker.worker(seat, seat, Timer(), None)
    except BaseException as error:
        seat.report_crash(error)
    finally:
        for output in (sys.stdout, sys.stderr):
            with suppress(Exception):
                output.flush()
