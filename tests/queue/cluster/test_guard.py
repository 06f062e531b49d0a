"""The guard's looks at running tasks, by a clock and sizes that are set by hand."""

from __future__ import annotations

import pytest

from processing.memory import family as family_module
from processing.memory.status import ProcessMemory
from processing.queue.cluster import guard as guard_module
from processing.queue.cluster.board import Order
from processing.queue.cluster.census import Reading
from processing.queue.cluster.guard import (
    IDLE_READING_SECONDS,
    LOOK_SECONDS,
    READING_SECONDS,
    SHORTEST_LOOK_SECONDS,
    Guard,
    choose_wait,
)
from processing.queue.cluster.running import Running
from processing.queue.cluster.watch import Watch
from tests.queue.cluster.in_hand import (
    BEGAN_AT,
    LIMIT_BYTES,
    MIB,
    SEAT_PID,
    SIZE_BYTES,
    UNFILLED_BYTES,
    make_running,
)


class Stand:
    """A guard over one running task, whose seat holds what the test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.held_bytes: int | None = SIZE_BYTES
        self.unfilled_bytes = UNFILLED_BYTES
        self.limits: list[tuple[int, int, int]] = []
        self.readings = 0
        self.is_close = False
        self.last = Reading(at=float("-inf"), usage_bytes=0)
        monkeypatch.setattr(family_module, "HAS_CHILDREN", False)
        monkeypatch.setattr(family_module, "read_memory", self.read_memory)
        monkeypatch.setattr(family_module, "find_tree", lambda pid: [pid])
        monkeypatch.setattr(guard_module, "set_burst_limit", self.set_limit)
        self.watch = Watch(lambda pid, number: None)
        self.guard = Guard(self.watch, self, self.judge)
        self.running = make_running()
        self.watch.begin(self.running)

    def read_memory(self, pid: int) -> ProcessMemory:
        assert pid == SEAT_PID
        if self.held_bytes is None:
            raise ProcessLookupError(pid)
        data_bytes = self.held_bytes + self.unfilled_bytes
        return ProcessMemory(anonymous_bytes=self.held_bytes, data_bytes=data_bytes)

    def set_limit(self, pid: int, *, filled_bytes: int, idle_bytes: int, left_bytes: int) -> None:
        assert pid == SEAT_PID
        self.limits.append((filled_bytes, idle_bytes, left_bytes))

    def read(self, now: float, *, grown_bytes: int) -> Reading:
        """A census that says what it is to say."""
        self.readings += 1
        self.last = Reading(at=now, usage_bytes=300 * MIB)
        return self.last

    def judge(self, reading: Reading) -> bool:
        assert reading is self.last
        return self.is_close

    def look(self, added_bytes: int, *, seconds: float = LOOK_SECONDS) -> float:
        """The guard looks `seconds` after its last look; returns its wait until the next."""
        self.held_bytes = SIZE_BYTES + added_bytes
        return self.guard.tick(self.guard._looked_at + seconds)


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Stand:
    stand = Stand(monkeypatch)
    stand.guard.tick(BEGAN_AT)
    stand.limits.clear()
    return stand


def test_a_task_within_its_limit_runs_on_and_the_kernel_guards_the_rest(stand: Stand) -> None:
    stand.look(40 * MIB)
    stand.look(10 * MIB)
    assert (stand.running.grown_bytes, stand.running.most_bytes) == (10 * MIB, 40 * MIB)
    assert stand.running.order is Order.NONE
    assert stand.limits == [
        (SIZE_BYTES + 40 * MIB, UNFILLED_BYTES, LIMIT_BYTES - 40 * MIB),
        (SIZE_BYTES + 10 * MIB, UNFILLED_BYTES, LIMIT_BYTES - 10 * MIB),
    ]


def test_a_task_over_its_limit_is_ended_and_the_kernel_gives_it_no_more(stand: Stand) -> None:
    stand.look(LIMIT_BYTES + 1)
    assert (stand.running.order, stand.running.most_bytes) == (Order.MEMORY, LIMIT_BYTES + 1)
    assert stand.running.slot.order is Order.MEMORY
    stand.look(LIMIT_BYTES - 1)  # it gave some back, and is to end all the same
    assert stand.limits == [(SIZE_BYTES + LIMIT_BYTES + 1, UNFILLED_BYTES, -1)]


def test_a_block_that_is_being_filled_leaves_no_room_for_another(stand: Stand) -> None:
    stand.unfilled_bytes += 200 * MIB
    stand.look(0)
    assert stand.limits == [(SIZE_BYTES, UNFILLED_BYTES, LIMIT_BYTES)]


def test_what_the_seat_held_when_it_went_on_to_the_next_task_is_not_the_last_ones(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    def go_on(pid: int) -> ProcessMemory:
        stand.running.slot.tell()
        return ProcessMemory(anonymous_bytes=SIZE_BYTES + LIMIT_BYTES * 2, data_bytes=0)

    monkeypatch.setattr(family_module, "read_memory", go_on)
    stand.look(0)
    assert (stand.running.order, stand.running.most_bytes) == (Order.NONE, 0)
    assert stand.limits == []


def test_a_seat_that_is_gone_is_left_to_others(stand: Stand) -> None:
    stand.held_bytes = None
    assert stand.guard.tick(BEGAN_AT + 1) == LOOK_SECONDS
    assert stand.running.order is Order.NONE


def test_one_that_grows_fast_is_looked_at_sooner(stand: Stand) -> None:
    stand.look(0)
    assert stand.look(LIMIT_BYTES // 2, seconds=0.05) == pytest.approx(0.025)
    assert stand.look(LIMIT_BYTES * 15 // 16, seconds=0.025) == SHORTEST_LOOK_SECONDS


@pytest.mark.parametrize(
    ("left_mb", "grown_mb", "expected"),
    [(64, 0, LOOK_SECONDS), (64, -5, LOOK_SECONDS), (10, 10, 0.025), (0, 10, 0.005), (99, 1, 0.05)],
)
def test_the_wait_ends_half_way_to_the_limit(left_mb: int, grown_mb: int, expected: float) -> None:
    assert choose_wait(left_mb * MIB, grown_mb * MIB, LOOK_SECONDS) == pytest.approx(expected)


def test_the_usage_is_read_less_often_while_nothing_runs(stand: Stand) -> None:
    assert stand.readings == 1
    stand.look(0, seconds=READING_SECONDS)
    assert stand.readings == 2
    stand.watch.end(stand.running)
    stand.guard.tick(BEGAN_AT + READING_SECONDS + IDLE_READING_SECONDS - 1)
    assert stand.readings == 2
    stand.guard.tick(BEGAN_AT + READING_SECONDS + IDLE_READING_SECONDS)
    assert stand.readings == 3


def test_close_to_the_line_the_usage_is_read_as_often_though_nothing_runs(stand: Stand) -> None:
    stand.watch.end(stand.running)
    stand.is_close = True
    stand.guard.tick(BEGAN_AT + IDLE_READING_SECONDS)
    assert stand.readings == 2
    stand.guard.tick(BEGAN_AT + IDLE_READING_SECONDS + READING_SECONDS)
    assert stand.readings == 3


def test_the_thread_waits_for_tasks_and_ends_what_is_over_its_limit(
    monkeypatch: pytest.MonkeyPatch, stand: Stand
) -> None:
    running: Running = make_running()
    waited = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 3:
            raise SystemExit  # ends the thread, which nothing else does

    monkeypatch.setattr(stand.watch, "wait_for_tasks", wait)
    stand.watch.begin(running)
    stand.held_bytes = SIZE_BYTES + 2 * LIMIT_BYTES
    with pytest.raises(SystemExit):
        stand.guard._main()
    assert running.order is Order.MEMORY
    assert waited == [IDLE_READING_SECONDS] * 3


def test_the_first_reading_is_taken_before_anything_runs(
    monkeypatch: pytest.MonkeyPatch, stand: Stand
) -> None:
    started = []
    monkeypatch.setattr(
        guard_module.threading.Thread, "start", lambda thread: started.append(thread)
    )
    stand.readings = 0
    stand.guard.start()
    assert (stand.readings, len(started)) == (1, 1)


def test_the_watch_tells_when_there_are_tasks() -> None:
    watch = Watch(lambda pid, number: None)
    watch.wait_for_tasks(0.01)  # none come
    running = make_running()
    watch.begin(running)
    watch.wait_for_tasks(60)
    assert watch.find_under_way() == [running]
    watch.end(running)
    watch.wait_for_tasks(60)  # one look more, and then it waits again
    assert not watch._has_tasks.is_set()
    assert watch.find_under_way() == []


def test_a_task_that_cannot_be_looked_at_leaves_the_others_watched(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_running()
    other.seat_pid = SEAT_PID + 1
    stand.watch.begin(other)

    def read(pid: int) -> ProcessMemory:
        if pid != SEAT_PID:
            raise KeyError(pid)
        return ProcessMemory(anonymous_bytes=SIZE_BYTES + 2 * LIMIT_BYTES, data_bytes=0)

    monkeypatch.setattr(family_module, "read_memory", read)
    stand.look(0)
    assert (stand.running.order, other.order) == (Order.MEMORY, Order.NONE)


def test_children_that_are_gone_are_forgotten(stand: Stand) -> None:
    stand.running.find_unfilled(SEAT_PID + 5)
    stand.look(0)
    assert set(stand.running.unfilled) == {SEAT_PID}
