"""What a report, an order and a seat's death make of a task."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from processing.queue.cluster.board import Order
from processing.queue.cluster.channel import SOCKET_LOST_STATUS
from processing.queue.cluster.outcome import describe_status, make_death_ending, make_ending
from processing.queue.ending import CANCELLED, GIVEN_BACK, SUCCEEDED, Ending
from processing.queue.failures import make_error
from tests.queue.cluster.in_hand import (
    BEGAN_AT,
    ENDED_AT,
    MIB,
    SEAT_PID,
    make_report,
    make_running,
    make_waiting,
)

ROW = {"id": "1"}
JOBS = {"chain": {"id": "2"}, "after": {"id": "3"}}
ERROR = make_error("task_error", "no", "Traceback")
FAILED = {"outcome": "task_error", "error": ERROR}


def end(order: Order = Order.NONE, *, is_stopping: bool = False, **report: Any) -> Ending:
    """The ending of a task with a time limit, whose seat reported."""
    told = make_report(**({"task": ROW, "jobs": JOBS} | report))
    running = make_running(timeout_seconds=2.5, order=order)
    return make_ending(running, told, is_stopping=is_stopping)


def die(order: Order = Order.NONE, *, status: int = -9, is_stopping: bool = False) -> Ending:
    """The ending of a task whose seat died."""
    running = make_running(timeout_seconds=2.5, order=order)
    return make_death_ending(running, status=status, is_stopping=is_stopping)


@pytest.mark.parametrize("is_stopping", [False, True])
def test_a_task_that_returned_has_succeeded(is_stopping: bool) -> None:
    ending = end(result={"result": "1"}, is_stopping=is_stopping)
    assert (ending.outcome, ending.charged, ending.is_final) == (SUCCEEDED, True, False)
    assert (ending.result, ending.task, ending.jobs) == ({"result": "1"}, ROW, JOBS)
    assert ending.where == f"{socket.gethostname()}:{SEAT_PID}"
    assert (ending.began_at, ending.ended_at) == (BEGAN_AT, ENDED_AT)
    assert ending.peak_memory_bytes == make_report()["peak_memory_bytes"]


@pytest.mark.parametrize(
    ("own_mib", "seen_mib", "peak_mib"),
    [(30, 20, 30), (20, 30, 30), (200, 20, 64), (200, 90, 90), (None, 20, 20), (None, 0, None)],
)
def test_the_peak_is_the_larger_count_and_mapped_files_are_no_excess(
    own_mib: int | None, seen_mib: int, peak_mib: int | None
) -> None:
    running = make_running()
    running.grow(seen_mib * MIB)
    told = make_report(peak_memory_bytes=own_mib and own_mib * MIB)
    peak_bytes = make_ending(running, told, is_stopping=False).peak_memory_bytes
    assert peak_bytes == (peak_mib and peak_mib * MIB)


def test_a_task_that_failed_keeps_its_error_and_its_row_and_ends_its_chain() -> None:
    ending = end(**FAILED)
    assert (ending.outcome, ending.charged, ending.error) == ("task_error", True, ERROR)
    assert (ending.task, ending.jobs) == (ROW, {"after": JOBS["after"]})


def test_what_the_seat_says_is_final_is_final() -> None:
    assert end(**FAILED, is_final=True).is_final


def test_jobs_that_there_are_none_of_are_not_queued() -> None:
    assert end(jobs={"chain": None, "after": None}).jobs == {}


def test_what_fails_after_the_stop_began_is_given_back_without_traces() -> None:
    ending = end(**FAILED, is_stopping=True)
    assert (ending.outcome, ending.charged) == (GIVEN_BACK, False)
    assert (ending.task, ending.jobs, ending.peak_memory_bytes) == (None, {}, None)


@pytest.mark.parametrize("order", [Order.STOP, Order.LEASE_LOST])
@pytest.mark.parametrize("report", [{}, FAILED])
def test_an_interrupted_task_is_given_back_even_if_it_returned(
    order: Order, report: dict[str, Any]
) -> None:
    ending = end(order, **report)
    assert (ending.outcome, ending.charged) == (GIVEN_BACK, False)
    assert (ending.task, ending.jobs) == (None, {})


@pytest.mark.parametrize("is_stopping", [False, True])
def test_a_cancelled_task_is_cancelled_even_if_it_returned(is_stopping: bool) -> None:
    ending = end(Order.CANCEL, is_stopping=is_stopping)
    assert (ending.outcome, ending.charged) == (CANCELLED, True)
    assert (ending.task, ending.jobs) == (None, {}), "its row would say that it succeeded"


def test_a_cancelled_task_that_failed_of_it_keeps_its_row() -> None:
    ending = end(Order.CANCEL, **FAILED)
    assert (ending.outcome, ending.task) == (CANCELLED, ROW)
    assert ending.jobs == {"after": JOBS["after"]}


def test_a_task_that_failed_when_its_time_was_up_has_a_timeout() -> None:
    ending = end(Order.TIMEOUT, **FAILED)
    assert (ending.outcome, ending.charged, ending.task) == ("timeout", True, ROW)
    assert ending.error == make_error(
        "timeout", "Task exceeded maximum timeout value (2.5 seconds)", "Traceback"
    )


def test_a_task_that_returned_when_its_time_was_up_has_a_timeout_all_the_same() -> None:
    ending = end(Order.TIMEOUT)
    assert (ending.outcome, ending.error["error_code"]) == ("timeout", "timeout")
    assert (ending.task, ending.jobs) == (None, {})


def test_a_time_that_was_up_during_the_stop_is_given_back() -> None:
    assert end(Order.TIMEOUT, is_stopping=True, **FAILED).outcome == GIVEN_BACK


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (-9, "signal SIGKILL"),
        (3, "exit status 3"),
        (-64, "signal SIGRTMAX"),
        (SOCKET_LOST_STATUS, "it closed the socket of its seat"),
    ],
)
def test_a_seat_that_died_lost_its_task_and_says_how(status: int, words: str) -> None:
    ending = die(status=status)
    assert (ending.outcome, ending.charged, ending.began_at) == ("worker_lost", True, BEGAN_AT)
    assert ending.error["error_code"] == "worker_lost"
    assert ending.error["error_message"] == f"The process that ran the task died: {words}."
    assert ending.where.endswith(f":{SEAT_PID}")


def test_a_task_that_its_dead_seat_had_not_begun_has_no_beginning() -> None:
    running = make_waiting(order=Order.CANCEL)
    ending = make_death_ending(running, status=-9, is_stopping=False)
    assert (ending.outcome, ending.began_at) == (CANCELLED, None)


def test_a_seat_that_dies_while_the_cluster_stops_gives_its_task_back() -> None:
    assert die(is_stopping=True).outcome == GIVEN_BACK


def test_a_task_that_was_killed_when_its_time_was_up_had_a_timeout() -> None:
    ending = die(Order.TIMEOUT)
    assert (ending.outcome, ending.charged) == ("timeout", True)
    assert ending.error["error_message"] == (
        "Task exceeded maximum timeout value (2.5 seconds); it went on and was killed."
    )


@pytest.mark.parametrize(
    ("order", "outcome"),
    [(Order.CANCEL, CANCELLED), (Order.STOP, GIVEN_BACK), (Order.LEASE_LOST, GIVEN_BACK)],
)
def test_a_task_that_was_killed_by_order_ended_as_ordered(order: Order, outcome: str) -> None:
    assert die(order).outcome == outcome


def test_a_signal_without_a_name_is_told_by_its_number() -> None:
    assert describe_status(-33) == "signal 33"
