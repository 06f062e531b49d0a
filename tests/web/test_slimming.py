"""A process that stays fat is trimmed, and replaced when that does not help."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from pytest_django import Settings

from processing.memory.actions import Kind
from processing.memory.plan import WebPlan
from processing.memory.quota import Quota
from processing.memory.sizes import WEB_PROCESS_BYTES
from processing.memory.units import MIB
from processing.web import slimming
from processing.web.slimming import (
    FAT_BYTES,
    STAYS_SECONDS,
    TRIM_EVERY_SECONDS,
    Slimming,
)

START_BYTES = 60 * MIB
FAT = START_BYTES + WEB_PROCESS_BYTES + FAT_BYTES + MIB
REQUEST_BYTES = 100 * MIB


class Process:
    """A web process whose size the test sets; it plays what slimming asks and tells, too."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.size_bytes, self.held_bytes = START_BYTES, 0
        self.trimmed_bytes: int | None = None
        self.is_refusing = self.is_granted = False
        self.may_go = True
        self.told: list[str] = []
        monkeypatch.setattr(slimming, "read_held_bytes", lambda pid: self.size_bytes)
        monkeypatch.setattr(slimming, "count_held_bytes", lambda: self.held_bytes)
        monkeypatch.setattr(slimming, "trim_memory", self._trim)
        me: Any = self
        self.slimming = Slimming(me, me, me)

    def _trim(self) -> None:
        if self.trimmed_bytes is not None:
            self.size_bytes = self.trimmed_bytes

    def describe(self) -> str:
        return ""

    def ask(self) -> bool:
        return self.may_go

    def take(self, action: str, detail: str) -> None:
        self.told.append(action)

    def step(self, *times: float) -> list[str]:
        """What was told by these looks."""
        self.told = []

        async def scenario() -> None:
            for now in times:
                await self.slimming.step(now)

        asyncio.run(scenario())
        return self.told


@pytest.fixture
def process(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Process:
    quota = Quota(limit_bytes=512 * MIB, source="a test", restart_bytes=512 * MIB)
    settings.WEB_PLAN = WebPlan(quota=quota, request_bytes=REQUEST_BYTES)
    settings.MEMORY_QUOTA = quota
    return Process(monkeypatch)


def test_a_process_within_its_plan_is_left_alone(process: Process) -> None:
    process.size_bytes = FAT - 2 * MIB
    assert process.step(0, 10, 20, 30) == []
    assert not process.slimming.is_fat


def test_one_that_is_fat_in_passing_is_left_alone(process: Process) -> None:
    process.size_bytes = FAT
    assert process.step(0, STAYS_SECONDS - 1) == []
    assert process.slimming.is_fat
    process.size_bytes = START_BYTES
    process.step(STAYS_SECONDS)
    process.size_bytes = FAT
    assert process.step(STAYS_SECONDS + 1) == []


def test_one_that_stays_fat_is_trimmed_and_no_more_when_that_helps(process: Process) -> None:
    process.size_bytes, process.trimmed_bytes = FAT, START_BYTES
    assert process.step(0, 5, 6, 12, 18) == [Kind.TRIM]
    process.size_bytes = FAT  # the next burst
    assert process.step(20, 25, 26, 40) == [Kind.TRIM]


def test_one_that_trimming_does_not_help_is_replaced(process: Process) -> None:
    process.size_bytes = FAT
    assert process.step(0, 5, 9) == [Kind.TRIM]
    assert process.step(10) == [Kind.REPLACE]
    process.is_granted = True
    assert process.step(11, 20) == []


def test_one_that_may_not_go_yet_asks_again_and_says_nothing(process: Process) -> None:
    process.size_bytes, process.may_go = FAT, False
    assert process.step(0, 5, 10, 11) == [Kind.TRIM]
    process.may_go = True
    assert process.step(12) == [Kind.REPLACE]


def test_what_running_requests_hold_does_not_make_a_process_fat(process: Process) -> None:
    process.held_bytes = REQUEST_BYTES // 10
    process.size_bytes = FAT + process.held_bytes - 2 * MIB
    assert process.step(0, 5, 10) == []
    process.held_bytes += 1
    process.size_bytes = 2 * FAT
    assert process.step(15, 20, 25) == []  # the burst goes on
    process.held_bytes = 0
    assert process.step(30, 35) == [Kind.TRIM]


def test_above_the_load_line_every_process_is_trimmed_now_and_then(process: Process) -> None:
    process.is_refusing = True
    assert process.step(0, 1, TRIM_EVERY_SECONDS - 1) == [Kind.TRIM]
    assert process.step(TRIM_EVERY_SECONDS) == [Kind.TRIM]
