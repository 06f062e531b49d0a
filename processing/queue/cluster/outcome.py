"""What a report, an order and a seat's death make of a task: one ending."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Mapping
from typing import Any

from processing.queue.cluster.board import Order
from processing.queue.cluster.call import describe_timeout
from processing.queue.cluster.channel import SOCKET_LOST_STATUS
from processing.queue.cluster.excess import (
    complete_profile,
    describe_excess,
    has_died_of_limit,
    has_failed_of_child,
)
from processing.queue.cluster.running import Running
from processing.queue.ending import CANCELLED, GIVEN_BACK, SUCCEEDED, Ending
from processing.queue.failures import MEMORY_LIMIT_EXCEEDED, make_error

HOST = socket.gethostname()

#: What was ordered is the outcome, whatever the task did then.
ORDERED_OUTCOMES = {
    Order.TIMEOUT: "timeout",
    Order.CANCEL: CANCELLED,
    Order.STOP: GIVEN_BACK,
    Order.LEASE_LOST: GIVEN_BACK,
    Order.MEMORY: MEMORY_LIMIT_EXCEEDED,
}


def make_ending(running: Running, report: Mapping[str, Any], *, is_stopping: bool) -> Ending:
    """The ending of a task whose seat has reported; see cluster.report.Report.

    What fails after the stop began may have failed of it, and is given back.
    """
    outcome = ORDERED_OUTCOMES.get(running.order, report["outcome"])
    if outcome == "task_error" and has_failed_of_child(running, report):
        outcome = MEMORY_LIMIT_EXCEEDED
    if is_stopping and outcome not in (SUCCEEDED, CANCELLED):
        outcome = GIVEN_BACK
    # A task that returned all the same left a row that says it succeeded.
    is_overruled = report["outcome"] == SUCCEEDED and outcome != SUCCEEDED
    keeps_traces = outcome != GIVEN_BACK and not is_overruled
    return Ending(
        delivery=running.claim.delivery,
        outcome=outcome,
        charged=outcome != GIVEN_BACK,
        is_final=report["is_final"],
        error=_choose_error(running, report, outcome),
        began_at=report["began_at"],
        ended_at=report["ended_at"],
        where=_describe_place(running),
        peak_memory_bytes=_find_peak(running, report) if outcome != GIVEN_BACK else None,
        allocation_profile=_pack_profile(running, report, outcome),
        result=report["result"],
        task=report["task"] if keeps_traces else None,
        jobs=_choose_jobs(report, outcome) if keeps_traces else {},
    )


def make_death_ending(running: Running, *, status: int, is_stopping: bool) -> Ending:
    """The ending of a task whose seat is dead; `status` as Popen.returncode has it."""
    is_of_limit = has_died_of_limit(running, status)
    by_itself = MEMORY_LIMIT_EXCEEDED if is_of_limit else "worker_lost"
    outcome = ORDERED_OUTCOMES.get(running.order, by_itself)
    if running.order is Order.NONE and is_stopping:
        outcome = GIVEN_BACK
    stack = running.last_stack
    died = f"The process that ran the task died: {describe_status(status)}."
    if outcome == "timeout":
        timeout = describe_timeout(running.claim.timeout_seconds)
        error = make_error("timeout", f"{timeout}; it went on and was killed.", stack)
    elif outcome == MEMORY_LIMIT_EXCEEDED:
        excess = describe_excess(running, peak_bytes=running.most_bytes, traceback=stack)
        error = make_error(MEMORY_LIMIT_EXCEEDED, f"{excess} {died}", stack)
    else:
        error = make_error("worker_lost", died)
    return Ending(
        delivery=running.claim.delivery,
        outcome=outcome,
        charged=outcome != GIVEN_BACK,
        error=error,
        began_at=running.slot.began_at if running.is_under_way else None,
        where=_describe_place(running),
        peak_memory_bytes=_find_peak(running, {}) if outcome != GIVEN_BACK else None,
        allocation_profile=_pack_profile(running, {"error": error}, outcome),
    )


def describe_status(status: int) -> str:
    """An exit status as Popen.returncode has it, in words."""
    if status == SOCKET_LOST_STATUS:
        return "it closed the socket of its seat"
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"signal {signal.Signals(-status).name}"
    except ValueError:
        return f"signal {-status}"


def _choose_error(running: Running, report: Mapping[str, Any], outcome: str) -> dict[str, str]:
    reported, traceback = report["error"], _find_traceback(report)
    if outcome == "timeout":
        return make_error("timeout", describe_timeout(running.claim.timeout_seconds), traceback)
    if outcome == MEMORY_LIMIT_EXCEEDED:
        peak_bytes = _find_peak(running, report) or 0
        message = describe_excess(running, peak_bytes=peak_bytes, traceback=traceback)
        return make_error(MEMORY_LIMIT_EXCEEDED, message, traceback)
    return dict(reported or make_error("", ""))


def _find_peak(running: Running, report: Mapping[str, Any]) -> int | None:
    """What it added at most: by its own process's count, which leaves no moment out, or ours.

    The first has the files in it that a task maps, and is believed up to the limit: more than that
    is what ours is there to see.
    """
    own_bytes: int | None = report.get("peak_memory_bytes")
    if own_bytes is None:
        return running.most_bytes or None
    return max(min(own_bytes, running.limit_bytes), running.most_bytes)


def _find_traceback(report: Mapping[str, Any]) -> str:
    error: Mapping[str, str] | None = report.get("error")
    return "" if error is None else error["error_traceback"]


def _pack_profile(running: Running, report: Mapping[str, Any], outcome: str) -> str:
    profile = running.profile
    if outcome == MEMORY_LIMIT_EXCEEDED:
        peak_bytes = _find_peak(running, report) or 0
        traceback = _find_traceback(report)
        profile = complete_profile(running, peak_bytes=peak_bytes, traceback=traceback)
    return json.dumps(profile) if profile and outcome != GIVEN_BACK else ""


def _choose_jobs(report: Mapping[str, Any], outcome: str) -> dict[str, Any]:
    jobs = {name: job for name, job in report["jobs"].items() if job is not None}
    if outcome != SUCCEEDED:
        jobs.pop("chain", None)
    return jobs


def _describe_place(running: Running) -> str:
    return f"{HOST}:{running.seat_pid}"
