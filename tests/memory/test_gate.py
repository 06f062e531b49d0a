"""What may begin, who waits for room, and who is not passed any more."""

from __future__ import annotations

from dataclasses import dataclass, field
from uuid import UUID, uuid4

import pytest

from processing.memory import gate as gate_module
from processing.memory.gate import RESERVE_SECONDS, Gate
from processing.memory.learnt_peaks import FEWEST_PEAKS
from processing.memory.plan import WORKER_BASE_BYTES, WorkerPlan
from processing.memory.quota import HOST, Quota
from processing.memory.room import Hand, Room
from processing.memory.sizes import SEAT_DEBT_BYTES
from processing.memory.units import MIB

NOW = 1000.0
QUOTA = Quota(limit_bytes=1000 * MIB, source="MEMORY_QUOTA_MB", restart_bytes=2000 * MIB)
LIMIT_MB = 100


@dataclass(frozen=True, kw_only=True)
class Job:
    """A job as the gate sees it."""

    name: str = "any"
    limit_mb: int = LIMIT_MB
    runs_alone: bool = False
    job_id: UUID = field(default_factory=uuid4)

    @property
    def memory_limit_bytes(self) -> int:
        return self.limit_mb * MIB


@pytest.fixture
def gate() -> Gate:
    plan = WorkerPlan(quota=QUOTA, given_seats=2, given_task_limit_bytes=LIMIT_MB * MIB)
    return Gate(plan)


def make_room(free_mb: int, *held_mb: int) -> Room:
    """Two seats, with so much in the hands of the first of them."""
    hands = [Hand(expected_bytes=held * MIB, is_empty=False) for held in held_mb]
    return Room(free_mb * MIB, [*hands, *[Hand()] * (2 - len(hands))])


def choose(
    gate: Gate,
    room: Room,
    *jobs: Job,
    now: float = NOW,
    count: int = 9,
    has_fresh_seats: bool = True,
) -> list[Job]:
    return gate.choose(jobs, room, now, count=count, has_fresh_seats=has_fresh_seats)


def learn(gate: Gate, name: str, peak_mb: int) -> None:
    for _ in range(FEWEST_PEAKS):
        gate.peaks.learn(name, peak_mb * MIB)


def test_a_job_is_expected_to_take_its_limit_until_its_peaks_are_known(gate: Gate) -> None:
    assert gate.expect(Job(limit_mb=60)) == 60 * MIB
    learn(gate, "any", 40)
    assert gate.expect(Job(limit_mb=60)) == 50 * MIB
    assert gate.expect(Job(limit_mb=45)) == 45 * MIB


def test_no_more_is_expected_than_the_machine_can_give(gate: Gate) -> None:
    plan = WorkerPlan(quota=QUOTA, given_seats=2, given_task_limit_bytes=LIMIT_MB * MIB)
    assert gate.expect(Job(limit_mb=5000)) == plan.most_task_bytes < 850 * MIB


def test_the_room_is_85_percent_of_the_quota_less_what_is_in_use_and_yet_to_come(
    gate: Gate,
) -> None:
    hand = Hand(expected_bytes=100 * MIB, grown_bytes=30 * MIB, is_empty=False)
    assert gate.find_room(200 * MIB, [hand, Hand()]).left_bytes == (850 - 230 - 70) * MIB


@pytest.mark.parametrize("limit_mb", [512, 1024, 2560, 14336, 30720])
@pytest.mark.parametrize("source", ["DYNO_RAM", HOST])
def test_a_task_at_its_limit_in_every_seat_fits_as_planned(limit_mb: int, source: str) -> None:
    quota = Quota(limit_bytes=limit_mb * MIB, source=source, restart_bytes=0)
    plan = WorkerPlan(quota=quota)
    base_bytes = WORKER_BASE_BYTES + plan.seats * SEAT_DEBT_BYTES
    room = Gate(plan).find_room(base_bytes, [Hand()] * plan.seats)
    assert all(room.takes(plan.task_limit_bytes) for _ in range(plan.seats))


def test_nothing_is_short_while_the_largest_that_is_known_fits(gate: Gate) -> None:
    assert not gate.is_short(make_room(100))
    assert gate.is_short(make_room(99))
    assert gate.is_short(make_room(199, 100))


def test_what_did_not_fit_once_is_known_from_then_on(gate: Gate) -> None:
    large = Job(name="large", limit_mb=300)
    gate.refuse(large, NOW)
    assert choose(gate, make_room(400), large) == [large]
    assert gate.is_short(make_room(299))
    assert not gate.is_short(make_room(300))
    learn(gate, "large", 80)
    assert not gate.is_short(make_room(100)), "it is known to take less than its limit"


def test_of_the_large_ones_only_so_many_are_remembered(
    gate: Gate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate_module, "MOST_LARGE_NAMES", 2)
    for number, name in enumerate(("first", "second", "third")):
        gate.refuse(Job(name=name, limit_mb=500 - number), NOW)
    gate.waiting = None
    assert gate.is_short(make_room(498))
    assert not gate.is_short(make_room(499))


def test_while_a_job_waits_or_runs_alone_every_claim_must_choose(gate: Gate) -> None:
    gate.refuse(Job(limit_mb=50), NOW)
    assert gate.is_short(make_room(800))
    gate.waiting = None
    assert gate.is_short(Room(800 * MIB, [Hand(is_empty=False, runs_alone=True), Hand()]))


def test_the_first_in_order_are_chosen_as_far_as_they_fit(gate: Gate) -> None:
    large, small, next_small = Job(limit_mb=90), Job(limit_mb=20), Job(limit_mb=20)
    assert choose(gate, make_room(100), small, large, next_small) == [small, next_small]
    assert choose(gate, make_room(100), large, small) == [large]
    assert choose(gate, make_room(200), large, small, count=1) == [large]


def test_of_those_that_fit_only_one_by_one_no_more_are_chosen_than_fit_together(
    gate: Gate,
) -> None:
    jobs = [Job(limit_mb=60) for _ in range(4)]
    assert choose(gate, make_room(100), *jobs) == jobs[:1]
    assert choose(gate, make_room(120), *jobs) == jobs, "two seats: two of them at once"


def test_a_job_without_room_is_passed_for_ten_seconds_and_then_no_more(gate: Gate) -> None:
    large, small = Job(limit_mb=90), Job(limit_mb=20)
    for seconds in (0.0, 5.0, RESERVE_SECONDS - 0.1):
        assert choose(gate, make_room(100, 50), large, small, now=NOW + seconds) == [small]
    assert choose(gate, make_room(100, 50), large, small, now=NOW + RESERVE_SECONDS) == []
    later = NOW + RESERVE_SECONDS
    assert choose(gate, make_room(140, 50), large, small, now=later) == [large, small]
    assert gate.waiting is None


def test_what_stands_before_a_reserving_job_is_begun_as_ever(gate: Gate) -> None:
    large, small, late = Job(limit_mb=90), Job(limit_mb=20), Job(limit_mb=20)
    choose(gate, make_room(100, 50), large)
    later = NOW + RESERVE_SECONDS
    assert choose(gate, make_room(100, 50), small, large, late, now=later) == [small]


def test_a_job_that_is_not_there_any_more_reserves_nothing(gate: Gate) -> None:
    large, small = Job(limit_mb=90), Job(limit_mb=20)
    choose(gate, make_room(100, 50), large, small)
    assert choose(gate, make_room(100, 50), small, now=NOW + 60) == [small]
    assert gate.waiting is None
    assert choose(gate, make_room(100, 50), large, small, now=NOW + 60) == [small]


def test_a_job_behind_those_that_were_looked_at_goes_on_waiting(gate: Gate) -> None:
    large, small = Job(limit_mb=90), Job(limit_mb=20)
    choose(gate, make_room(100, 50), large)
    others = [Job(limit_mb=20), small]
    assert choose(gate, make_room(100, 50), *others, large, now=NOW + 5, count=2) == others
    later = NOW + RESERVE_SECONDS
    assert choose(gate, make_room(100, 50), large, small, now=later) == []


def test_a_job_that_was_claimed_and_refused_waits_from_then_on(gate: Gate) -> None:
    large, small = Job(limit_mb=90), Job(limit_mb=20)
    gate.refuse(large, NOW)
    gate.refuse(Job(limit_mb=95), NOW + 1)
    later = NOW + RESERVE_SECONDS
    assert choose(gate, make_room(100, 50), large, small, now=later) == []


def test_where_nothing_runs_a_job_without_room_is_begun_in_fresh_seats(gate: Gate) -> None:
    large, other = Job(limit_mb=90), Job(limit_mb=95)
    assert choose(gate, make_room(50), large, other, has_fresh_seats=False) == []
    assert gate.wants_fresh_seats
    assert choose(gate, make_room(50), large, other) == [large]
    assert not gate.wants_fresh_seats
    room = make_room(50)
    assert gate.admit(large, room), "it is handed out, too"
    assert not gate.admit(other, room)


def test_what_was_not_chosen_to_begin_anyway_is_not_handed_out(gate: Gate) -> None:
    assert not gate.admit(Job(limit_mb=90), make_room(50))


def test_nothing_begins_anyway_while_others_run_or_fit(gate: Gate) -> None:
    large, small = Job(limit_mb=90), Job(limit_mb=20)
    assert choose(gate, make_room(50, 10), large) == []
    assert choose(gate, make_room(50), large, small) == [small]
    assert not gate.wants_fresh_seats


def test_a_job_that_runs_alone_is_begun_when_nothing_else_runs(gate: Gate) -> None:
    alone, small = Job(runs_alone=True), Job(limit_mb=20)
    assert choose(gate, make_room(800, 20), alone) == []
    assert choose(gate, make_room(800), alone, small) == [alone]
    assert gate.waiting is None
    assert choose(gate, make_room(10), alone) == [alone], "it has what there is"


def test_a_job_that_runs_alone_reserves_like_one_that_needs_all_the_room(gate: Gate) -> None:
    alone, small = Job(runs_alone=True), Job(limit_mb=20)
    assert choose(gate, make_room(800, 20), alone, small) == [small]
    later = NOW + RESERVE_SECONDS
    assert choose(gate, make_room(800, 20), alone, small, now=later) == []
    assert choose(gate, make_room(800), alone, small, now=later) == [alone]


def test_what_is_behind_a_job_that_runs_alone_has_not_waited_for_room(gate: Gate) -> None:
    alone, small = Job(runs_alone=True), Job(limit_mb=20)
    choose(gate, make_room(800), alone, small)
    assert gate.waiting is None
