"""What requests hold of a web process's memory."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from pytest_django import Settings

from processing.errors import MemoryPressure
from processing.fanout.places import find_places
from processing.fanout.targets import parse_targets
from processing.memory.sizes import UPLOAD_BYTES
from processing.uploads.admission import upload_seat
from processing.web.budgets import (
    count_held_bytes,
    count_kept_bodies,
    fan_out_budget,
    hold_window,
    post_budget,
)

BODY_BYTES = 10


@pytest.fixture
def small_bodies(settings: Settings) -> Iterator[Settings]:
    """A budget of the test's own."""
    settings.FANOUT_MAX_RESPONSE_BYTES = BODY_BYTES
    fan_out_budget.cache_clear()
    yield settings
    fan_out_budget.cache_clear()


def test_posts_fan_outs_and_uploads_count_together() -> None:
    async def scenario() -> int:
        async with post_budget().hold(10), fan_out_budget().hold(200):
            with upload_seat():
                return count_held_bytes()

    assert asyncio.run(scenario()) == 210 + UPLOAD_BYTES
    assert count_held_bytes() == 0


@pytest.mark.parametrize("asked", ["abcab", "abcdefabcdef", "abab", "aabbcc", "abacada", "abcd"])
def test_a_body_that_is_sent_again_leaves_the_next_its_room(
    small_bodies: Settings, asked: str
) -> None:
    """Each body is as large as may be, and nothing can be borrowed."""

    async def scenario() -> None:
        places = find_places(
            parse_targets([f"http://example.com/{letter}" for letter in asked]),
            most_kept_count=count_kept_bodies(),
        )
        async with hold_window(places) as window:
            budget = fan_out_budget()
            budget.held_bytes = budget.limit_bytes
            groups = {group[0]: group for group in places.groups}
            for index in range(len(asked)):
                if index in groups:
                    for place, heir in zip(groups[index], groups[index][1:], strict=False):
                        window.bequeath(place, heir)
                    assert window.try_hold(index, BODY_BYTES)
                window.give_back(index)

    small_bodies.FANOUT_BUDGET_BYTES = 8 * BODY_BYTES
    asyncio.run(scenario())


@pytest.mark.parametrize(("body_count", "kept_count"), [(2, 0), (3, 1), (6, 4), (24, 4)])
def test_a_small_budget_keeps_fewer_bodies(
    small_bodies: Settings, body_count: int, kept_count: int
) -> None:
    small_bodies.FANOUT_BUDGET_BYTES = body_count * BODY_BYTES
    assert count_kept_bodies() == kept_count


def test_a_fan_out_waits_for_its_memory_for_a_part_of_its_deadline(small_bodies: Settings) -> None:
    small_bodies.FANOUT_BUDGET_BYTES = 2 * BODY_BYTES
    small_bodies.FANOUT_DEADLINE_SECONDS = 0.4
    places = find_places(parse_targets(["http://example.com/"]))

    async def scenario() -> None:
        async with fan_out_budget().hold(2 * BODY_BYTES), asyncio.timeout(2):
            with pytest.raises(MemoryPressure):
                await hold_window(places).__aenter__()

    asyncio.run(scenario())
