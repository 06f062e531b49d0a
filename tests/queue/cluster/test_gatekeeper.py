"""The gate in a supervisor: what is claimed, handed out and put back, and when it is looked again.

Three seats; the plan's quota leaves 6,963 MB to tasks.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from processing.memory.gate import RESERVE_SECONDS
from processing.memory.learnt_peaks import FEWEST_PEAKS
from processing.memory.units import MIB
from tests.queue.cluster.gate_stand import GateStand


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Iterator[GateStand]:
    with ExitStack() as open_sockets:
        yield GateStand(monkeypatch, open_sockets)


def test_what_fits_is_claimed_as_it_comes(stand: GateStand) -> None:
    claims = stand.queue(900, 900, 900)
    stand.tick()
    assert stand.running == claims
    assert [running.expected_bytes for running in stand.hand] == [900 * MIB] * 3


def test_what_fits_only_one_by_one_is_put_back_once_and_then_left_on_the_queue(
    stand: GateStand,
) -> None:
    first, second, third = stand.queue(4000, 4000, 4000)
    stand.live_through(60)
    assert stand.running == [first]
    assert stand.ledger.queued == [second, third]
    assert len(stand.released) == 2, "and not again with every look"


def test_what_is_behind_one_without_room_is_begun(stand: GateStand) -> None:
    large, small, other, late = stand.queue(4000, 10, 4000, 10)
    stand.live_through(0.1)
    assert stand.running == [large, small, late]
    assert stand.ledger.queued == [other]


def test_while_a_job_waits_the_queue_is_looked_at_once_a_second(stand: GateStand) -> None:
    stand.queue(4000, 4000)
    stand.live_through(1)
    assert stand.live_through(60) < 150


def test_what_waits_begins_when_the_one_before_it_has_ended(stand: GateStand) -> None:
    first, second, third = stand.queue(4000, 4000, 4000)
    stand.live_through(5)
    stand.end(first)
    stand.live_through(0.1)
    assert stand.running == [second]
    stand.end(second)
    stand.live_through(0.1)
    assert stand.running == [third]
    assert len(stand.released) == 2


def test_what_waits_begins_when_usage_has_fallen(stand: GateStand) -> None:
    [small] = stand.queue(10)
    stand.use(6000)
    stand.tick()
    [large] = stand.queue(1000)
    stand.live_through(5)
    assert stand.running == [small]
    stand.use(500)
    stand.live_through(1.1)
    assert stand.running == [small, large]


def test_small_ones_pass_a_large_one_for_ten_seconds(stand: GateStand) -> None:
    [first] = stand.queue(4000)
    stand.tick()
    [large] = stand.queue(4000)
    for _ in range(int(RESERVE_SECONDS) - 2):
        [small] = stand.queue(10)
        stand.live_through(1)
        assert stand.running == [first, small]
        stand.end(small)
    stand.live_through(3)
    [late] = stand.queue(10)
    stand.live_through(60)
    assert stand.running == [first]
    stand.end(first)
    stand.live_through(0.1)
    assert stand.running == [large, late]


def test_a_task_that_has_grown_less_than_it_may_keeps_its_room(stand: GateStand) -> None:
    [first] = stand.queue(4000)
    stand.tick()
    stand.hand[0].grow(100 * MIB)
    stand.queue(4000)
    stand.live_through(5)
    assert stand.running == [first]


def test_what_was_learnt_counts_instead_of_the_limit(stand: GateStand) -> None:
    claims = stand.queue(4000, 4000, 4000, name="modest")
    stand.live_through(1)
    assert stand.running == claims[:1]
    for _ in range(FEWEST_PEAKS):
        stand.gatekeeper.learn(claims[0], 100 * MIB)
    stand.end(claims[0])
    stand.live_through(0.1)
    assert stand.running == claims[1:]


def test_a_peak_that_nobody_knows_teaches_nothing(stand: GateStand) -> None:
    [claim] = stand.queue(4000)
    for _ in range(FEWEST_PEAKS):
        stand.gatekeeper.learn(claim, None)
    assert stand.gatekeeper.expect(claim) == 4000 * MIB


def test_what_ran_before_the_start_is_recalled_once(stand: GateStand) -> None:
    stand.ledger.peaks = {"modest": [100 * MIB] * 20}
    stand.tick()
    stand.ledger.is_away = True
    stand.queue(1)
    stand.tick()
    stand.ledger.is_away = False
    stand.live_through(10)
    assert stand.ledger.open_count == 2
    assert stand.ledger.recall_count == 1
    [claim] = stand.queue(4000, name="modest")
    assert stand.gatekeeper.expect(claim) == 125 * MIB


def test_of_what_is_recalled_the_oldest_is_forgotten_first(stand: GateStand) -> None:
    stand.ledger.peaks = {"modest": [100 * MIB] * 18 + [4000 * MIB] * 2}
    stand.tick()
    [claim] = stand.queue(5000, name="modest")
    assert stand.gatekeeper.expect(claim) == 5000 * MIB
    stand.gatekeeper.learn(claim, 100 * MIB)
    assert stand.gatekeeper.expect(claim) == 125 * MIB


def test_beside_a_job_that_runs_alone_nothing_is_claimed_or_even_looked_for(
    stand: GateStand,
) -> None:
    [alone] = stand.queue(10, runs_alone=True)
    stand.tick()
    assert stand.running == [alone]
    stand.ledger.asked_counts.clear()
    claims = stand.queue(10, 10)
    stand.live_through(60)
    assert (stand.running, stand.ledger.asked_counts) == ([alone], [])
    stand.end(alone)
    stand.live_through(0.1)
    assert stand.running == claims


def test_a_job_that_runs_alone_waits_until_nothing_else_runs(stand: GateStand) -> None:
    [first] = stand.queue(10)
    stand.tick()
    [alone] = stand.queue(10, runs_alone=True)
    stand.live_through(RESERVE_SECONDS + 1)
    stand.queue(10)
    stand.live_through(10)
    assert stand.running == [first], "and no other passes it any more"
    stand.end(first)
    stand.live_through(0.1)
    assert stand.running == [alone]


def test_where_nothing_runs_the_seats_are_replaced_and_it_begins_anyway(stand: GateStand) -> None:
    [small] = stand.queue(10)
    stand.tick()
    stand.end(small)
    stand.use(6000)
    [large] = stand.queue(1000)
    stand.tick()
    worn = [link for link in stand.seats if link.is_leaving]
    assert [link.has_worked for link in worn] == [True], "only those that have run anything"
    stand.live_through(1)
    assert stand.running == [], "their memory is not free yet"
    for link in worn:
        stand.seats.remove(link, stand.clock.now)
        stand.start_seat(link.index)
    stand.live_through(0.1)
    assert stand.running == [large]


def test_one_that_begins_anyway_begins_without_others(stand: GateStand) -> None:
    stand.use(6950)
    first, second = stand.queue(1000, 20)
    stand.live_through(60)
    assert stand.running == [first]
    stand.end(first)
    stand.live_through(0.1)
    for link in [link for link in stand.seats if link.is_leaving]:
        stand.seats.remove(link, stand.clock.now)
    stand.live_through(0.1)
    assert stand.running == [second]


def test_a_cluster_that_drains_the_queue_does_not_end_before_one_that_waits(
    stand: GateStand,
) -> None:
    stand.queue(4000, 4000)
    stand.live_through(5)
    assert not stand.desk.found_nothing
    stand.end(stand.running[0])
    stand.live_through(0.1)
    stand.end(stand.running[0])
    stand.live_through(5)
    assert stand.desk.found_nothing


def test_a_job_that_another_cluster_took_is_waited_for_no_more(stand: GateStand) -> None:
    first, _ = stand.queue(4000, 4000)
    stand.live_through(5)
    stand.ledger.queued.clear()
    stand.live_through(2)
    assert not stand.gatekeeper.has_waiting
    assert stand.running == [first]


def test_room_that_is_gone_before_the_hand_out_is_noticed(stand: GateStand) -> None:
    [small] = stand.queue(10)
    stand.tick()
    [claim] = stand.queue(1000)
    stand.desk.work(stand.clock.now, stand.seats.load)
    assert list(stand.desk.ready.claims) == [claim]
    stand.use(6900)
    stand.live_through(30)
    assert (stand.running, stand.released) == ([small], [claim])
