"""A seat between its socket and django-q2's loop, in this process."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from django.utils import timezone
from django_q.conf import Conf
from django_q.signals import pre_execute
from django_q.signing import SignedPackage

from processing.queue.cluster import channel
from processing.queue.cluster import seat as seat_module
from processing.queue.cluster.board import Order
from processing.queue.cluster.call import INTERRUPT_SIGNAL
from processing.queue.cluster.channel import SOCKET_LOST_STATUS
from processing.queue.cluster.seat import STOP
from processing.queue.current import current
from tests.queue.cluster.seat_stand import JOB, Exited, SeatStand, open_seat, read_message_now

# django-q2's loop closes connections that are too old, where there is one.
pytestmark = pytest.mark.django_db


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Iterator[SeatStand]:
    with open_seat(monkeypatch) as stand:
        yield stand


def test_a_task_is_taken_and_the_board_says_so(stand: SeatStand) -> None:
    stand.give(timeout=60)
    task = stand.seat.get()
    assert (task["func"], task["args"], task["cluster"]) == ("math.sqrt", (4,), Conf.CLUSTER_NAME)
    assert task["timeout"] == -1, "the supervisor watches the time"
    assert stand.seat.window.timeout_seconds == 2.5
    assert stand.slot.is_taken
    assert str(current.delivery) == f"{JOB.hex}:3" == task["ack_id"]


def test_a_report_says_whose_it_is_and_the_board_is_clear_again(stand: SeatStand) -> None:
    stand.give()
    task = stand.seat.get() | {"result": 2.0, "success": True, "stopped": timezone.now()}
    stand.seat.put(task)
    report = stand.read_report()
    assert (report["job"], report["delivery"]) == (JOB.hex, 3)
    assert (report["outcome"], report["is_leaving"]) == ("succeeded", False)
    assert stand.slot.began_at == report["began_at"] <= report["ended_at"]
    assert report["held_bytes"] == stand.slot.size_bytes >= stand.slot.start_bytes > 0
    assert report["peak_memory_bytes"] >= 0
    assert not stand.slot.is_taken
    assert current.delivery is None


def test_without_a_supervisor_there_are_no_more_tasks(stand: SeatStand) -> None:
    stand.issued.close()
    assert stand.seat.get() == STOP


@pytest.mark.parametrize(
    "package",
    [
        pytest.param("", id="empty"),
        pytest.param("not a package", id="unsigned"),
        pytest.param(SignedPackage.dumps({"a": 1})[:-3], id="cut"),
        pytest.param(SignedPackage.dumps([]), id="no_task"),
    ],
)
def test_what_cannot_be_unpacked_fails_for_good_and_the_next_task_is_taken(
    stand: SeatStand, package: str
) -> None:
    stand.give(package)
    stand.give(job_id=UUID(int=7))
    assert stand.seat.get()["func"] == "math.sqrt"
    report = stand.read_report()
    assert (report["job"], report["outcome"], report["is_final"]) == (JOB.hex, "task_error", True)
    assert report["error"]["error_message"].startswith("The job cannot be unpacked: ")
    assert current.delivery is not None
    assert current.delivery.job_id == UUID(int=7)


def test_django_q2s_loop_runs_one_task_after_the_other(stand: SeatStand) -> None:
    stand.give()
    stand.give(args=(-1,))
    stand.give(func="no.such.function")
    stand.give(func="sys.exit", args=(3,))
    stand.give()
    stand.run_loop()
    reports = [stand.read_report() for _ in range(5)]
    errors = [(report["error"] or {}).get("error_message") for report in reports]
    assert errors == [
        None,
        "math domain error",
        "Function no.such.function is not defined",
        "The task raised SystemExit: 3",
        None,
    ]
    assert reports[-1]["result"] == {"result": "2.0", "result_media_type": "application/json"}


def test_an_ordered_task_ends_the_loop(stand: SeatStand) -> None:
    turn = stand.give(func="signal.raise_signal", args=(int(INTERRUPT_SIGNAL),))
    stand.slot.give_order(Order.CANCEL, turn)
    stand.give()
    stand.run_loop()
    report = stand.read_report()
    assert (report["outcome"], report["is_leaving"]) == ("task_error", True)
    assert "Somebody asked for the job to be cancelled." in report["error"]["error_message"]


def test_a_task_that_returned_in_spite_of_an_order_ends_the_loop_too(stand: SeatStand) -> None:
    stand.slot.give_order(Order.STOP, stand.give())
    stand.give()
    stand.run_loop()
    assert stand.read_report()["is_leaving"]
    assert read_message_now(stand.supervisor) is None


def test_a_seat_leaves_behind_its_last_task(
    stand: SeatStand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Conf, "RECYCLE", 2)
    for _ in range(3):
        stand.give()
    stand.run_loop()
    assert [stand.read_report()["is_leaving"] for _ in range(2)] == [False, True]
    assert read_message_now(stand.supervisor) is None


def test_what_breaks_the_loop_itself_is_told_as_the_tasks_failure(stand: SeatStand) -> None:
    def refuse(**kwargs: Any) -> None:
        raise ValueError("not today")

    pre_execute.connect(refuse)
    stand.give()
    try:
        with pytest.raises(ValueError, match="not today") as caught:
            stand.run_loop()
        stand.seat.report_crash(caught.value)
    finally:
        pre_execute.disconnect(refuse)
    report = stand.read_report()
    assert (report["job"], report["outcome"], report["is_leaving"]) == (JOB.hex, "task_error", True)
    assert report["error"]["error_message"] == "ValueError: not today"


def test_a_crash_without_a_task_in_hand_is_nobodys_failure(stand: SeatStand) -> None:
    stand.seat.report_crash(ValueError("no"))
    assert read_message_now(stand.supervisor) is None


def test_a_report_that_is_too_long_is_replaced_by_one_that_says_so(
    stand: SeatStand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand.give()
    task = stand.seat.get()
    monkeypatch.setattr(channel, "MESSAGE_MOST_BYTES", 2000)
    stand.seat.put(task | {"result": "x" * 5000, "success": True, "stopped": timezone.now()})
    report = stand.read_report()
    assert (report["outcome"], report["is_final"]) == ("result_too_large", True)


@pytest.mark.parametrize("is_replaced", [False, True])
def test_a_seat_whose_task_took_its_socket_ends_at_once(
    stand: SeatStand, is_replaced: bool
) -> None:
    stand.give()
    task = stand.seat.get()
    number = stand.stream.fileno()
    kept = os.dup(number)
    other, other_end = socket.socketpair()
    if is_replaced:
        os.dup2(other.fileno(), number)
    else:
        os.close(number)
    try:
        with pytest.raises(Exited, match=str(SOCKET_LOST_STATUS)):
            stand.seat.put(task | {"result": 1, "success": True, "stopped": timezone.now()})
    finally:
        os.dup2(kept, number)
        os.close(kept)
    with other, other_end:
        assert read_message_now(other_end) is None, "it is for somebody else"
    assert read_message_now(stand.supervisor) is None


def test_a_child_that_a_task_forked_takes_no_task_and_tells_nothing(
    stand: SeatStand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand.give()
    task = stand.seat.get()
    stand.give()
    monkeypatch.setattr(seat_module.os, "getpid", lambda: 1)
    for act in (stand.seat.get, lambda: stand.seat.put(task)):
        with pytest.raises(Exited, match="0"):
            act()
    assert read_message_now(stand.supervisor) is None
