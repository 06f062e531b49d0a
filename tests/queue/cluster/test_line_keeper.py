"""The load line in a supervisor: what is decided is done to the seats, and noted."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from processing.memory.quota import Quota
from processing.memory.units import MIB
from processing.models import MemorySample
from processing.queue.cluster import line_keeper as line_keeper_module
from processing.queue.cluster import link as link_module
from processing.queue.cluster import memory_journal as memory_journal_module
from processing.queue.cluster.board import Order
from processing.queue.cluster.census import Reading
from processing.queue.cluster.line_keeper import LineKeeper
from processing.queue.cluster.link import Link
from processing.queue.cluster.memory_journal import SAMPLE_SECONDS, MemoryJournal
from processing.queue.cluster.running import Running
from processing.queue.cluster.watch import Watch
from processing.queue.cluster_name import ClusterName
from processing.queue.memory_samples import UnwrittenSamples
from tests.queue.cluster.in_hand import Clock, make_claim, make_report
from tests.queue.cluster.seats_stand import SeatsStand

QUOTA = Quota(limit_bytes=512 * MIB, source="a test", restart_bytes=512 * MIB)
START_BYTES = 42 * MIB


class Stand:
    """Three seats of a cluster whose machine uses what the test says."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, open_sockets: ExitStack) -> None:
        self.clock = Clock()
        monkeypatch.setattr(link_module, "time", self.clock)
        monkeypatch.setattr(line_keeper_module, "time", self.clock)
        monkeypatch.setattr(line_keeper_module, "read_held_bytes", self.read_size)
        monkeypatch.setattr(memory_journal_module, "find_tree", lambda pid: [pid, pid + 5000])
        self.stand = SeatsStand(self.clock, open_sockets)
        self.stand.start_all()
        self.seats = self.stand.seats
        self.links = list(self.seats)
        self.sizes = {link.pid: START_BYTES for link in self.links}
        for link in self.links:
            link.slot.start(START_BYTES)
        self.watch = Watch(lambda pid, number: None)
        self.unwritten = UnwrittenSamples()
        self.name = ClusterName.of_this_process(1)
        journal = MemoryJournal(self.name, QUOTA, self.unwritten)
        self.keeper = LineKeeper(self.seats, self.watch, QUOTA, journal)
        self.parted: list[Link] = []

    def read_size(self, pid: int) -> int:
        if pid not in self.sizes:
            raise ProcessLookupError(pid)
        return self.sizes[pid]

    def judge(self, used_mb: int) -> bool:
        """One reading, a second after the last."""
        self.clock.now += 1
        shares = {link.pid: 20 * MIB for link in self.links} | {self.links[0].pid + 5000: MIB}
        reading = Reading(at=self.clock.now, usage_bytes=used_mb * MIB, shares=shares)
        return self.keeper.judge(reading)

    def act(self) -> None:
        self.keeper.act(self.part_from)

    def part_from(self, link: Link) -> None:
        self.parted.append(link)
        link.leave()

    def begin(self, link: Link, *, grown_mb: int = 0, name: str = "reports.build") -> Running:
        """Have a seat begin with a task that has added so much."""
        claim = make_claim()
        object.__setattr__(claim, "name", name)
        [running] = link.give([claim])
        self.watch.begin(running)
        link.slot.begin(running.turn, self.clock.now, START_BYTES)
        running.grow(grown_mb * MIB)
        return running

    def tell(self, link: Link, running: Running, held_mb: int) -> None:
        """The seat tells of its task, which it began while it held so much."""
        link.slot.tell()
        link.hand.clear()
        self.watch.end(running)
        self.keeper.learn(link, running, make_report(held_bytes=held_mb * MIB))

    @property
    def actions(self) -> list[tuple[str, str]]:
        """What was noted for the chart, and of whom."""
        return [(one.action, one.name) for one in self.samples if one.action]

    @property
    def samples(self) -> list[MemorySample]:
        return list(self.unwritten._samples)


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stand]:
    with ExitStack() as open_sockets:
        yield Stand(monkeypatch, open_sockets)


def test_far_from_the_line_nothing_is_held_and_the_next_reading_has_time(stand: Stand) -> None:
    assert not stand.judge(300)
    stand.act()
    assert not stand.seats.load.is_held
    assert stand.actions == []


def test_a_pause_holds_the_seats_until_it_is_over(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger=memory_journal_module.logger.name):
        assert stand.judge(450), "it is to be read again soon, though nothing runs"
        stand.act()
        assert stand.seats.load.is_held
        assert not stand.judge(300)
        stand.act()
    assert not stand.seats.load.is_held
    assert [(record.levelname, record.message) for record in caplog.records] == [
        ("WARNING", "memory: 450 of 512 MB (87.9 %): paused, no task is begun"),
        ("INFO", "memory: 300 of 512 MB (58.6 %): resumed"),
    ]
    assert stand.actions == [("pause", "cluster"), ("resume", "cluster")]


def test_an_idle_seat_that_has_grown_is_let_go_and_noted_when_that_is_done(stand: Stand) -> None:
    second = stand.links[1]
    stand.sizes[second.pid] += 19 * MIB
    stand.judge(450)
    assert stand.actions == [("pause", "cluster")]
    stand.act()
    assert stand.parted == [second]
    assert stand.actions == [("pause", "cluster"), ("recycle", "seat 2")]
    stand.judge(450)
    stand.act()
    assert stand.parted == [second], "it has its time to end"


def test_a_seat_that_was_given_a_task_meanwhile_is_not_let_go(stand: Stand) -> None:
    stand.sizes[stand.links[1].pid] += 19 * MIB
    stand.judge(450)
    stand.begin(stand.links[1])
    stand.act()
    assert (stand.parted, stand.actions) == ([], [("pause", "cluster")])


def test_a_seat_that_is_gone_is_left_to_others(stand: Stand) -> None:
    stand.sizes.clear()
    stand.judge(450)
    stand.act()
    assert stand.parted == []


def test_a_seat_that_has_not_started_yet_has_not_grown(stand: Stand) -> None:
    stand.links[1].slot.start(0)
    stand.judge(450)
    stand.act()
    assert stand.parted == []


def test_a_task_is_stopped_at_once_with_the_reason(stand: Stand) -> None:
    small = stand.begin(stand.links[0], grown_mb=20)
    large = stand.begin(stand.links[2], grown_mb=90)
    stand.judge(500)
    assert (small.order, large.order) == (Order.NONE, Order.MEMORY)
    assert large.order_reason == "The worker's machine was at its line, 500 of 512 MB (97.7 %)"
    assert stand.actions == [("pause", "cluster"), ("stop", "seat 3")]
    assert f"stopped job {large.claim.delivery} (reports.build) in seat 3" in (
        stand.samples[-1].detail
    )
    stand.judge(500)
    assert small.order is Order.NONE, "the first one has its time to end"


def test_a_task_that_has_only_been_handed_out_is_not_stopped(stand: Stand) -> None:
    [running] = stand.links[0].give([make_claim()])
    stand.watch.begin(running)
    running.grow(90 * MIB)
    stand.judge(500)
    assert running.order is Order.NONE


def test_each_process_is_sampled_once_a_minute_a_seat_with_its_children(stand: Stand) -> None:
    for _ in range(int(SAMPLE_SECONDS)):
        stand.judge(300)
    names = ["template", "supervisor", "seat 1", "seat 2", "seat 3"]
    assert [sample.name for sample in stand.samples] == names
    assert [sample.used_bytes // MIB for sample in stand.samples] == [0, 0, 21, 20, 20]
    assert {sample.type for sample in stand.samples} == {"worker"}
    assert {sample.host for sample in stand.samples} == {stand.name.host}
    assert {sample.usage_bytes // MIB for sample in stand.samples} == {300}
    assert {sample.quota_bytes // MIB for sample in stand.samples} == {512}
    stand.judge(300)
    assert [sample.name for sample in stand.samples] == names * 2


def test_a_leak_is_named_with_the_usage_of_its_machine(stand: Stand) -> None:
    link = stand.links[0]
    stand.judge(300)
    for run in range(15):
        stand.tell(link, stand.begin(link), held_mb=50 + 2 * run)
    assert stand.actions == [("leak", "seat 1")]
    assert stand.samples[-1].detail.startswith(
        "300 of 512 MB (58.6 %): the last 10 runs of reports.build each left their seat larger, by "
        "2.0 MB at the median"
    )


def test_a_seat_that_made_way_is_noted_and_counts_for_its_last_task(stand: Stand) -> None:
    stand.judge(300)
    for _ in range(12):
        link = stand.stand.start()
        link.slot.start(START_BYTES)
        for held_mb in (42, 43):
            stand.tell(link, stand.begin(link), held_mb=held_mb)
        link.slot.make_way(61 * MIB)
        stand.keeper.forget(link)
        link.slot.clear()
    assert [kind for kind, _ in stand.actions].count("leak") == 1
    assert stand.samples[-1].detail == (
        f"300 of 512 MB (58.6 %): seat 1 (pid {link.pid}) made way for a new one after "
        "reports.build, idle with 61 MB, 19 MB above its start"
    )


def test_a_seat_that_ended_otherwise_is_not_noted(stand: Stand) -> None:
    stand.judge(300)
    stand.keeper.forget(stand.links[0])
    assert stand.actions == []


def test_what_could_not_be_done_does_not_pile_up(stand: Stand) -> None:
    stand.sizes[stand.links[1].pid] += 19 * MIB
    for _ in range(1000):
        stand.judge(450)
    assert len(stand.keeper._due) <= line_keeper_module.MOST_DUE
    stand.act()
    assert stand.parted == [stand.links[1]]
