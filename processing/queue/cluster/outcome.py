"""What a report, an order and a seat's death make of a task: one ending."""

from __future__ import annotations

import signal
import socket
from collections.abc import Mapping
from typing import Any

from processing.queue.cluster.board import Order
from processing.queue.cluster.call import describe_timeout
from processing.queue.cluster.channel import SOCKET_LOST_STATUS
from processing.queue.cluster.running import Running
from processing.queue.ending import CANCELLED, GIVEN_BACK, SUCCEEDED, Ending
from processing.queue.failures import make_error

HOST = socket.gethostname()

#: What was ordered is the outcome, whatever the task did then.
ORDERED_OUTCOMES = {
    Order.TIMEOUT: "timeout",
    Order.CANCEL: CANCELLED,
    Order.STOP: GIVEN_BACK,
    Order.LEASE_LOST: GIVEN_BACK,
}


def make_ending(running: Running, report: Mapping[str, Any], *, is_stopping: bool) -> Ending:
    """The ending of a task whose seat has reported; see cluster.report.Report.

    What fails after the stop began may have failed of it, and is given back.
    """
    outcome = ORDERED_OUTCOMES.get(running.order, report["outcome"])
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
        peak_memory_bytes=report["peak_memory_bytes"] if outcome != GIVEN_BACK else None,
        result=report["result"],
        task=report["task"] if keeps_traces else None,
        jobs=_choose_jobs(report, outcome) if keeps_traces else {},
    )


def make_death_ending(running: Running, *, status: int, is_stopping: bool) -> Ending:
    """The ending of a task whose seat is dead; `status` as Popen.returncode has it."""
    outcome = ORDERED_OUTCOMES.get(running.order, "worker_lost")
    if outcome == "worker_lost" and is_stopping:
        outcome = GIVEN_BACK
    if outcome == "timeout":
        timeout = describe_timeout(running.claim.timeout_seconds)
        error = make_error("timeout", f"{timeout}; it went on and was killed.")
    else:
        ended = describe_status(status)
        error = make_error("worker_lost", f"The process that ran the task died: {ended}.")
    return Ending(
        delivery=running.claim.delivery,
        outcome=outcome,
        charged=outcome != GIVEN_BACK,
        error=error,
        began_at=running.slot.began_at if running.is_under_way else None,
        where=_describe_place(running),
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
    reported = report["error"]
    if outcome != "timeout":
        return dict(reported or make_error("", ""))
    message = describe_timeout(running.claim.timeout_seconds)
    traceback = reported["error_traceback"] if reported else ""
    return make_error("timeout", message, traceback)


def _choose_jobs(report: Mapping[str, Any], outcome: str) -> dict[str, Any]:
    jobs = {name: job for name, job in report["jobs"].items() if job is not None}
    if outcome != SUCCEEDED:
        jobs.pop("chain", None)
    return jobs


def _describe_place(running: Running) -> str:
    return f"{HOST}:{running.seat_pid}"
