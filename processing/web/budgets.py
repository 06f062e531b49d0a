"""The shares of a web process's memory that requests hold while they run."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cache

from django.conf import settings

from processing.fanout.places import Places
from processing.fanout.window import KEPT_BODY_COUNT, SURE_BODY_COUNT, Window
from processing.memory.budget import ByteBudget
from processing.uploads.admission import count_held_bytes as count_uploads_bytes

#: A fan-out waits for its memory for this part of its deadline at most; the rest is for asking.
WAIT_SHARE = 0.25


@cache
def post_budget() -> ByteBudget:
    """What JSON bodies may hold."""
    return ByteBudget(settings.PROCESS_DATA_BUDGET_BYTES)


@cache
def fan_out_budget() -> ByteBudget:
    """What answers of other servers may hold."""
    return ByteBudget(settings.FANOUT_BUDGET_BYTES)


@asynccontextmanager
async def hold_window(places: Places) -> AsyncGenerator[Window, None]:
    """A window for the answers of other servers. Raises MemoryPressure where there is none."""
    budget, most_bytes = fan_out_budget(), settings.FANOUT_MAX_RESPONSE_BYTES
    own_bytes = min(len(places.groups), SURE_BODY_COUNT + places.kept_count) * most_bytes
    wait_seconds = min(budget.wait_seconds, WAIT_SHARE * settings.FANOUT_DEADLINE_SECONDS)
    async with budget.hold(own_bytes, wait_seconds=wait_seconds):
        window = Window(
            budget,
            own_bytes=own_bytes,
            body_most_bytes=most_bytes,
            kept_count=places.kept_count,
        )
        try:
            yield window
        finally:
            window.close()


def count_kept_bodies() -> int:
    """How many bodies one fan-out may keep for a later place of their URL."""
    most_count = settings.FANOUT_BUDGET_BYTES // settings.FANOUT_MAX_RESPONSE_BYTES
    return min(KEPT_BODY_COUNT, most_count - SURE_BODY_COUNT)


def count_held_bytes() -> int:
    """What posts, fan-outs and uploads hold now, of the plan's `request_bytes`."""
    return post_budget().held_bytes + fan_out_budget().held_bytes + count_uploads_bytes()
