"""How long a job that waits for room keeps others from theirs."""

from __future__ import annotations

import pytest

from processing.memory.gate import (
    ALONE_CYCLE_SECONDS,
    ALONE_RESERVED_UNTIL_SECONDS,
    RESERVE_SECONDS,
    Gate,
)
from processing.memory.plan import WorkerPlan
from processing.memory.units import MIB
from tests.memory.test_gate import LIMIT_MB, NOW, QUOTA, Job, choose, make_room


@pytest.fixture
def gate() -> Gate:
    plan = WorkerPlan(quota=QUOTA, given_seats=2, given_task_limit_bytes=LIMIT_MB * MIB)
    return Gate(plan)


def test_one_that_is_to_run_alone_lets_others_pass_again_while_a_long_task_runs(gate: Gate) -> None:
    alone, small = Job(runs_alone=True), Job(limit_mb=10)
    begun_at = [
        seconds
        for seconds in range(0, int(ALONE_CYCLE_SECONDS) + 100, 5)
        if choose(gate, make_room(500, 50), alone, small, now=NOW + seconds)
    ]
    assert [seconds for seconds in begun_at if seconds < RESERVE_SECONDS] == [0, 5]
    assert not any(RESERVE_SECONDS <= at < ALONE_RESERVED_UNTIL_SECONDS for at in begun_at)
    assert ALONE_RESERVED_UNTIL_SECONDS + 5 in begun_at
    assert ALONE_CYCLE_SECONDS + RESERVE_SECONDS + 5 not in begun_at


def test_fresh_seats_are_wanted_no_longer_than_somebody_waits_for_them(gate: Gate) -> None:
    large = Job(limit_mb=90)
    assert choose(gate, make_room(50), large, has_fresh_seats=False) == []
    assert gate.wants_fresh_seats
    assert choose(gate, make_room(100), large, has_fresh_seats=False) == [large]
    assert not gate.wants_fresh_seats
    assert choose(gate, make_room(50), large, has_fresh_seats=False) == []
    assert choose(gate, make_room(50), has_fresh_seats=False) == []
    assert not gate.wants_fresh_seats
