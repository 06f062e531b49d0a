"""Whether it was the limit that a task ended of, and the words for it."""

from __future__ import annotations

import json
import signal
from dataclasses import replace

import pytest

from processing.queue.cluster.board import Order
from processing.queue.cluster.excess import describe_excess, find_place
from processing.queue.cluster.outcome import make_death_ending, make_ending
from processing.queue.ending import GIVEN_BACK, Ending
from processing.queue.failures import MEMORY_LIMIT_EXCEEDED, make_error
from tests.queue.cluster.in_hand import LIMIT_BYTES, MIB, make_report, make_running

TRACEBACK = """Traceback (most recent call last):
  File "/app/.venv/lib/python3.11/site-packages/django_q/worker.py", line 103, in worker
    res = f(*task["args"], **task["kwargs"])
  File "/app/shop/tasks.py", line 12, in load
    return json.loads(text)
  File "{stdlib}/json/decoder.py", line 355, in raw_decode
    obj, end = self.scan_once(s, idx)
  File "/app/processing/queue/cluster/call.py", line 120, in _obey
    raise INTERRUPTS[order](INTERRUPTS[order].__doc__)
processing.queue.cluster.call.MemoryLimitExceeded: The task took more memory than it may.
""".format(stdlib=__import__("sysconfig").get_path("stdlib"))
ERROR = make_error("task_error", "no", TRACEBACK)


def die(status: int, *, most_bytes: int, order: Order = Order.NONE) -> Ending:
    running = make_running(order=order)
    running.grow(most_bytes)
    return make_death_ending(running, status=status, is_stopping=False)


def test_a_task_that_was_interrupted_while_it_unwound_was_where_it_failed() -> None:
    traceback = """Traceback (most recent call last):
  File "/app/processing/queue/run.py", line 72, in run_processor
    text = _encode(call_processor(processor, job, sink))
  File "/app/shop/tasks.py", line 12, in load
    return [0] * count
MemoryError

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "/app/processing/queue/run.py", line 71, in run_processor
    with ResultSink() as sink:
  File "/app/processing/uploads/store.py", line 131, in __exit__
    if self._part is not None:
  File "/app/processing/queue/cluster/call.py", line 120, in _obey
    order = self._slot.order
  File "/app/processing/queue/cluster/board.py", line 48, in order
    return Order(self._numbers[ORDER])
MemoryError
"""
    assert find_place(traceback) == "load, /app/shop/tasks.py:12"


def test_a_task_that_was_killed_while_it_was_looked_at_was_where_it_was_interrupted() -> None:
    traceback = """Traceback (most recent call last):
  File "/app/shop/tasks.py", line 12, in load
  File "/app/processing/queue/cluster/call.py", line 120, in _obey
  File "/app/processing/queue/cluster/seat_profile.py", line 40, in see_last
  File "/app/processing/memory/profiler.py", line 148, in see_last
  File "/app/processing/memory/allocations.py", line 76, in read_line_uses
"""
    assert find_place(traceback) == "load, /app/shop/tasks.py:12"


def test_a_task_over_its_limit_says_how_much_it_took_and_where_it_was() -> None:
    running = make_running(order=Order.MEMORY)
    running.grow(84 * MIB)
    ending = make_ending(running, make_report(outcome="timeout", error=ERROR), is_stopping=False)
    assert (ending.outcome, ending.charged) == (MEMORY_LIMIT_EXCEEDED, True)
    assert ending.error["error_code"] == MEMORY_LIMIT_EXCEEDED
    assert ending.error["error_message"] == (
        "The task took 84 MB of memory and may take 64 MB; it was in load, /app/shop/tasks.py:12."
    )
    assert ending.peak_memory_bytes == 84 * MIB


def test_the_larger_of_the_two_counts_is_the_peak() -> None:
    running = make_running()
    running.grow(3 * MIB)
    peaks = [
        make_ending(
            running, make_report(peak_memory_bytes=own_bytes), is_stopping=False
        ).peak_memory_bytes
        for own_bytes in (5 * MIB, 2 * MIB, None)
    ]
    assert peaks == [5 * MIB, 3 * MIB, 3 * MIB]


def test_one_that_was_refused_memory_says_what_it_had() -> None:
    report = make_report(outcome=MEMORY_LIMIT_EXCEEDED, error=ERROR, peak_memory_bytes=5 * MIB)
    ending = make_ending(make_running(), report, is_stopping=False)
    assert ending.error["error_message"].startswith(
        "The task had 5 MB of memory, may take 64 MB, and asked for more; it was in load, "
    )


def test_one_that_was_stopped_for_the_machine_says_so() -> None:
    running = make_running()
    running.order_reason = "The machine was at 97 % of its 512 MB"
    assert describe_excess(running, peak_bytes=40 * MIB) == (
        "The machine was at 97 % of its 512 MB; of all tasks this had grown most, by 40 MB."
    )


def test_a_task_that_returned_after_the_order_has_failed_all_the_same() -> None:
    ending = make_ending(
        make_running(order=Order.MEMORY), make_report(task={"id": "1"}), is_stopping=False
    )
    assert (ending.outcome, ending.task) == (MEMORY_LIMIT_EXCEEDED, None)


@pytest.mark.parametrize("status", [-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS, 1])
def test_a_program_that_crashed_close_to_the_limit_died_of_it(status: int) -> None:
    assert die(status, most_bytes=LIMIT_BYTES * 3 // 4).outcome == MEMORY_LIMIT_EXCEEDED
    assert die(status, most_bytes=LIMIT_BYTES // 2).outcome == "worker_lost"


@pytest.mark.parametrize("status", [-signal.SIGKILL, -signal.SIGTERM, 0])
def test_one_that_was_ended_otherwise_did_not(status: int) -> None:
    assert die(status, most_bytes=LIMIT_BYTES).outcome == "worker_lost"


def test_one_that_had_to_be_killed_says_so_and_has_a_peak() -> None:
    ending = die(-signal.SIGKILL, most_bytes=90 * MIB, order=Order.MEMORY)
    assert (ending.outcome, ending.peak_memory_bytes) == (MEMORY_LIMIT_EXCEEDED, 90 * MIB)
    assert ending.error["error_message"] == (
        "The task took 90 MB of memory and may take 64 MB. "
        "The process that ran the task died: signal SIGKILL."
    )


def test_one_that_had_to_be_killed_tells_where_it_was() -> None:
    running = make_running(order=Order.MEMORY)
    running.grow(90 * MIB)
    running.last_stack = TRACEBACK
    ending = make_death_ending(running, status=-signal.SIGKILL, is_stopping=False)
    assert "; it was in load, /app/shop/tasks.py:12. The process" in ending.error["error_message"]
    assert ending.error["error_traceback"] == TRACEBACK


def test_a_crash_at_a_stop_is_given_back() -> None:
    running = make_running()
    running.grow(LIMIT_BYTES)
    ending = make_death_ending(running, status=-signal.SIGSEGV, is_stopping=True)
    assert (ending.outcome, ending.charged) == (GIVEN_BACK, False)


@pytest.mark.parametrize(
    ("last_line", "most_bytes", "outcome"),
    [
        ("subprocess.CalledProcessError: Command 'x'", LIMIT_BYTES, MEMORY_LIMIT_EXCEEDED),
        ("subprocess.CalledProcessError: Command 'x'", LIMIT_BYTES // 2, "task_error"),
        ("concurrent.futures.process.BrokenProcessPool: A", LIMIT_BYTES, MEMORY_LIMIT_EXCEEDED),
        ("ValueError: subprocess.CalledProcessError", LIMIT_BYTES, "task_error"),
    ],
)
def test_a_child_that_failed_close_to_the_limit_failed_of_it(
    last_line: str, most_bytes: int, outcome: str
) -> None:
    running = make_running()
    running.grow(most_bytes)
    error = make_error("task_error", "no", f"Traceback (most recent call last):\n{last_line}\n")
    report = make_report(outcome="task_error", error=error)
    assert make_ending(running, report, is_stopping=False).outcome == outcome


WORST = {"place": "/app/hog.py:12", "line": "grow()", "bytes": 180 * MIB, "blocks": 7}


@pytest.mark.parametrize("has_died", [False, True])
def test_one_that_ran_alone_says_its_room_and_the_line_that_allocated_most(has_died: bool) -> None:
    running = make_running(order=Order.MEMORY)
    running.claim = replace(running.claim, runs_alone=True)
    running.profile = [WORST, {**WORST, "bytes": 1}]
    running.grow(84 * MIB)
    if has_died:
        ending = make_death_ending(running, status=-signal.SIGKILL, is_stopping=False)
    else:
        ending = make_ending(running, make_report(error=ERROR), is_stopping=False)
    message = ending.error["error_message"]
    assert message.startswith("The task took 84 MB of memory and had room for 64 MB, alone")
    assert "; most was allocated in /app/hog.py:12 (grow()), 180 MB." in message
    assert ("it was in load, /app/shop/tasks.py:12" in message) is not has_died
    assert json.loads(ending.allocation_profile) == running.profile


def test_what_is_given_back_keeps_no_profile() -> None:
    running = make_running(order=Order.STOP)
    running.profile = [WORST]
    for ending in (
        make_ending(running, make_report(), is_stopping=True),
        make_death_ending(running, status=1, is_stopping=True),
    ):
        assert (ending.outcome, ending.allocation_profile) == (GIVEN_BACK, "")


def test_a_task_without_a_profile_has_none() -> None:
    ending = make_ending(make_running(), make_report(), is_stopping=False)
    assert ending.allocation_profile == ""


def test_a_try_alone_that_no_trace_tells_of_has_the_line_where_it_was() -> None:
    running = make_running(order=Order.MEMORY, runs_alone=True)
    running.grow(84 * MIB)
    ending = make_ending(running, make_report(outcome="timeout", error=ERROR), is_stopping=False)
    [line] = json.loads(ending.allocation_profile)
    assert line["place"] == "/app/shop/tasks.py:12"
    assert line["line"] == "return json.loads(text)"
    assert line["bytes"] == 84 * MIB


def test_a_profile_that_tells_of_little_has_the_line_of_the_end_before_it() -> None:
    running = make_running(order=Order.MEMORY, runs_alone=True)
    running.grow(80 * MIB)
    running.profile = [{**WORST, "bytes": 30 * MIB}, {**WORST, "bytes": 9 * MIB}]
    ending = make_ending(running, make_report(outcome="timeout", error=ERROR), is_stopping=False)
    [end, *told] = json.loads(ending.allocation_profile)
    assert (end["place"], end["bytes"]) == ("/app/shop/tasks.py:12", 41 * MIB)
    assert told == running.profile
    assert "most was allocated" not in ending.error["error_message"]


def test_one_that_tells_of_half_is_enough() -> None:
    running = make_running(order=Order.MEMORY, runs_alone=True)
    running.grow(80 * MIB)
    running.profile = [{**WORST, "bytes": 30 * MIB}, {**WORST, "bytes": 10 * MIB}]
    ending = make_ending(running, make_report(outcome="timeout", error=ERROR), is_stopping=False)
    assert json.loads(ending.allocation_profile) == running.profile
    assert "most was allocated in /app/hog.py:12 (grow()), 30 MB" in ending.error["error_message"]


def test_a_first_try_has_no_profile() -> None:
    ending = make_ending(
        make_running(order=Order.MEMORY),
        make_report(outcome="timeout", error=ERROR),
        is_stopping=False,
    )
    assert ending.allocation_profile == ""
