"""Between seats and database: what is claimed, settled and put back, and when."""

from __future__ import annotations

import selectors
from collections.abc import Iterator

import pytest

from processing.queue.cluster import unsettled as unsettled_module
from processing.queue.cluster.ledger import Orders
from processing.queue.cluster.load import Load
from processing.queue.cluster.ready import BULKY_CHARACTERS, RELEASE_SECONDS
from processing.queue.cluster.unsettled import SETTLE_WITHIN_SECONDS
from tests.queue.cluster.desk_stand import SEATS, VITALS, DeskStand, make_ending
from tests.queue.cluster.fake_ledger import POLL_SECONDS
from tests.queue.cluster.in_hand import make_claim


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Iterator[DeskStand]:
    with selectors.DefaultSelector() as selector:
        stand = DeskStand(monkeypatch, selector)
        stand.settle_in()
        yield stand


def test_as_much_is_claimed_as_the_seats_want(stand: DeskStand) -> None:
    claims = stand.ledger.queue(5)
    stand.desk.wake()
    stand.ledger.wakeup.is_changed = True
    stand.work()
    stand.work()
    assert list(stand.desk.ready.claims) == claims[:SEATS]
    assert stand.ledger.asked_counts == [SEATS], "what is ready is for them"


def test_nothing_is_claimed_while_all_seats_are_busy(stand: DeskStand) -> None:
    stand.ledger.queue(5)
    stand.ledger.wakeup.is_changed = True
    stand.live_through(60, idle=0, running=SEATS)
    assert stand.ledger.asked_counts == []


def test_an_ending_is_settled_at_once_when_nothing_else_waits(stand: DeskStand) -> None:
    ending = make_ending()
    stand.desk.add(ending)
    assert (stand.desk.has_work, stand.desk.ending_count) == (True, 1)
    stand.work()
    assert stand.ledger.settled == [[ending]]
    assert (stand.desk.has_work, stand.desk.ending_count) == (False, 0)


def test_an_ending_is_a_reason_to_look_for_more(stand: DeskStand) -> None:
    [claim] = stand.ledger.queue(1)
    stand.desk.add(make_ending())
    stand.work(idle=1)
    assert (len(stand.ledger.settled), list(stand.desk.ready.claims)) == (1, [claim])


def test_endings_wait_for_each_other_while_the_seats_have_work(stand: DeskStand) -> None:
    stand.claim(SEATS)
    endings = [make_ending() for _ in range(3)]
    for ending in endings:
        stand.desk.add(ending)
        stand.work(idle=0)
        stand.clock.now += SETTLE_WITHIN_SECONDS / 4
    assert stand.ledger.settled == []
    stand.clock.now += SETTLE_WITHIN_SECONDS / 2
    stand.work(idle=0)
    assert stand.ledger.settled == [endings]


def test_no_ending_waits_longer_than_it_may(stand: DeskStand) -> None:
    stand.claim(SEATS)
    stand.desk.add(make_ending())
    assert stand.next_seconds(idle=0) == pytest.approx(SETTLE_WITHIN_SECONDS)


def test_endings_that_take_much_memory_are_settled_at_once_and_nothing_is_begun_before(
    stand: DeskStand, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand.claim(SEATS)
    monkeypatch.setattr(unsettled_module, "ENDINGS_MOST_BYTES", 2 * make_ending().size_bytes)
    fullness = []
    for _ in range(2):
        stand.desk.add(make_ending())
        fullness.append(stand.desk.is_full)
    assert fullness == [False, True]
    stand.work(idle=0)
    assert [len(endings) for endings in stand.ledger.settled] == [2]
    assert not stand.desk.is_full


def test_after_an_empty_look_the_next_one_waits_for_a_sign(stand: DeskStand) -> None:
    stand.ledger.queue(1)
    stand.clock.now += POLL_SECONDS / 2
    stand.work()
    assert (stand.ledger.asked_counts, stand.desk.found_nothing) == ([], True)
    stand.ledger.wakeup.is_changed = True
    stand.desk.wake()
    assert stand.next_seconds() <= 0
    stand.work()
    assert (len(stand.desk.ready), stand.desk.found_nothing) == (1, False)


def test_a_sign_that_another_query_read_is_not_slept_over(stand: DeskStand) -> None:
    stand.ledger.wakeup.is_changed = stand.ledger.wakeup.has_sign = True
    assert stand.next_seconds() <= 0
    stand.work()
    assert stand.ledger.asked_counts == [SEATS]
    assert stand.next_seconds() > 0


def test_a_sign_that_was_none_leads_to_no_look(stand: DeskStand) -> None:
    stand.desk.wake()
    stand.work()
    assert stand.ledger.asked_counts == []
    assert stand.next_seconds() > 0


def test_a_sign_that_was_lost_is_made_up_for_at_the_next_poll(stand: DeskStand) -> None:
    stand.ledger.queue(1)
    stand.ledger.wakeup.is_changed = True
    stand.live_through(POLL_SECONDS + 0.01)
    assert stand.ledger.queued == []


def test_a_delayed_job_is_looked_for_when_it_is_due(stand: DeskStand) -> None:
    stand.ledger.due_seconds = 0.25
    stand.desk.add(make_ending())
    stand.work()
    assert stand.next_seconds() == pytest.approx(0.25)
    stand.clock.now += 0.26
    stand.ledger.queue(1)
    stand.work()
    assert len(stand.desk.ready) == 1


def test_what_cannot_be_begun_is_put_back_after_a_second(stand: DeskStand) -> None:
    claims = stand.claim(SEATS)
    assert stand.next_seconds(idle=0) <= RELEASE_SECONDS
    stand.clock.now += RELEASE_SECONDS * 0.9
    stand.work(idle=0)
    assert stand.ledger.released == []
    stand.clock.now += RELEASE_SECONDS * 0.2
    stand.work(idle=0)
    assert (stand.ledger.released, list(stand.desk.ready.claims)) == (claims, [])


def test_what_was_put_back_in_vain_is_not_begun_all_the_same(stand: DeskStand) -> None:
    stand.claim(SEATS)
    stand.clock.now += RELEASE_SECONDS * 1.1
    stand.ledger.is_away = True  # before its answer, so that the jobs may be others' by now
    stand.work(idle=0)
    assert list(stand.desk.ready.claims) == []


def test_a_desk_that_stops_accepting_puts_back_what_is_ready_and_claims_no_more(
    stand: DeskStand,
) -> None:
    claims = stand.claim(SEATS)
    stand.ledger.queue(1)
    stand.desk.stop_accepting()
    stand.work()
    assert (stand.ledger.released, list(stand.desk.ready.claims)) == (claims, [])
    stand.desk.add(make_ending())
    stand.work()
    assert stand.ledger.asked_counts == []
    assert len(stand.ledger.settled) == 1


def test_all_that_is_in_hand_is_held(stand: DeskStand) -> None:
    running = make_claim().delivery
    stand.clock.now += 60
    stand.ledger.kept.clear()
    claims = stand.ledger.queue(SEATS)
    stand.ledger.wakeup.is_changed = True
    load = Load(idle_count=SEATS, waiting_count=0, in_hand=(running,))
    stand.desk.work(stand.clock.now, load)
    assert stand.ledger.kept == [{running, *(claim.delivery for claim in claims)}]


def test_an_ending_that_is_not_settled_yet_is_held(stand: DeskStand) -> None:
    [claim] = stand.claim(1)
    ending = make_ending()
    stand.clock.now += 60
    stand.ledger.kept.clear()
    stand.desk.add(ending)
    stand.desk.ready.add([], stand.clock.now)  # so that it is not put back
    stand.work(idle=0)
    assert stand.ledger.kept == [{claim.delivery, ending.delivery}]


def test_what_is_not_to_be_begun_any_more_is_put_back_at_once(stand: DeskStand) -> None:
    lost, good = stand.claim(2)
    running = make_claim().delivery
    stand.ledger.orders = Orders(lost=frozenset([lost.delivery, running]))
    stand.ledger.keep_now()
    orders = stand.work(idle=0)
    assert orders == stand.ledger.orders
    stand.desk.ready.drop(orders.lost)
    assert stand.next_seconds(idle=0) <= 0
    stand.work(idle=0)
    assert (stand.ledger.released, list(stand.desk.ready.claims)) == ([lost], [good])


def test_closing_says_the_last_and_drops_the_connection(stand: DeskStand) -> None:
    stand.desk.close(VITALS)
    assert stand.stats.published == [VITALS]
    assert stand.ledger.close_count == 1


def test_while_the_lock_is_left_to_others_nothing_is_settled_or_claimed(stand: DeskStand) -> None:
    stand.settle_in()
    stand.desk.add(make_ending())
    stand.ledger.courtesy.free_until = stand.clock.now + 0.02
    stand.work()
    assert stand.ledger.settled == []
    assert stand.next_seconds() == pytest.approx(0.02)
    stand.clock.now += 0.02
    stand.work()
    assert len(stand.ledger.settled) == 1


def test_what_no_seat_had_time_for_is_not_claimed_again_and_again(
    stand: DeskStand, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(50):
        stand.desk._pace.learn(0.001)
    monkeypatch.setattr(stand.ledger, "release", stand.ledger.queued.extend)
    stand.ledger.queue(100)
    stand.ledger.wakeup.is_changed = True
    stand.live_through(30, idle=0, running=SEATS)
    assert sum(stand.ledger.asked_counts) <= 128


def test_with_large_packages_ready_nothing_is_claimed_ahead(stand: DeskStand) -> None:
    for _ in range(50):
        stand.desk._pace.learn(0.001)
    claim = make_claim(package="x" * BULKY_CHARACTERS)
    stand.desk.ready.add([claim], stand.clock.now)
    stand.ledger.queue(100)
    for idle in (0, 2):
        stand.ledger.wakeup.is_changed = True
        stand.desk.wake()
        stand.work(idle=idle, running=SEATS - idle)
    assert stand.ledger.asked_counts == [1], "only what the idle ones can begin"
