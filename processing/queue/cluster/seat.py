"""A seat: a process that runs django-q2's worker loop, one task at a time."""

from __future__ import annotations

import os
import pydoc
import socket
import sys
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

from processing.memory.peak import PeakMeter
from processing.queue.claims import Delivery
from processing.queue.cluster.board import Order, Slot
from processing.queue.cluster.call import CallSignal, CallWindow
from processing.queue.cluster.channel import SOCKET_LOST_STATUS, pack_message, read_message
from processing.queue.cluster.process_traits import die_with_parent, name_process
from processing.queue.cluster.report import Report, report_failure, report_task
from processing.queue.cluster.seat_signals import ignore_stop_signals
from processing.queue.cluster.tickets import take_ticket
from processing.queue.current import current
from processing.queue.failures import describe_exception

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
        self.window = CallWindow(slot)
        self._stream = stream
        self._tickets = tickets
        self._slot = slot
        self._pid = os.getpid()
        self._inodes = self._find_inodes()
        self._peak = PeakMeter()
        self._taken_count = 0
        self._is_leaving = False
        self._began_at = time.monotonic()

    def get(self) -> Any:
        """Wait for the next task; STOP when there will be none."""
        self._end_forked_child()
        while not self._is_leaving and (message := self._await_task()) is not None:
            self._take(message)
            try:
                return self._unpack(message)
            except Exception as error:  # unpickling raises whatever the pickled classes raise
                text = f"The job cannot be unpacked: {describe_exception(error)}"
                self._send(report_failure(text, traceback.format_exc(), is_final=True))
        return STOP

    def put(self, task: dict[str, Any]) -> None:
        """Tell how the task ended."""
        self._end_forked_child()
        self.window.close()
        self._is_leaving = self._is_last()
        self._send(report_task(task))

    def report_crash(self, error: BaseException) -> None:
        """Tell what ended the loop itself: a receiver of a signal, or a module that won't load."""
        self._end_forked_child()
        self.window.close()
        if current.delivery is not None:
            self._is_leaving = True
            self._send(report_failure(describe_exception(error), traceback.format_exc()))

    def _await_task(self) -> dict[str, Any] | None:
        """The next message that there is a ticket for; what has none has been taken back."""
        turn = take_ticket(self._tickets)
        message = None if turn is None else read_message(self._stream)
        while message is not None and message["turn"] != turn:
            message = read_message(self._stream)
        return message

    def _take(self, message: dict[str, Any]) -> None:
        self._began_at = time.monotonic()
        self._slot.begin(message["turn"], self._began_at)
        self._peak.begin()
        current.begin(Delivery(job_id=UUID(message["job"]), number=message["delivery"]))
        self.window.timeout_seconds = message["timeout_seconds"]

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
        with suppress(OSError):
            if self._find_inodes() == self._inodes:
                self._slot.end()
                self._stream.sendall(packed)
                self._slot.tell()
                current.end()
                return
        os._exit(SOCKET_LOST_STATUS)

    def _finish(self, report: Report) -> dict[str, Any]:
        assert current.delivery is not None
        return {
            **report,
            "job": current.delivery.job_id.hex,
            "delivery": current.delivery.number,
            "began_at": self._began_at,
            "ended_at": time.monotonic(),
            "peak_memory_bytes": self._peak.read(),
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
