"""What requests hold of a web process's memory."""

from __future__ import annotations

import asyncio

from processing.memory.sizes import UPLOAD_BYTES
from processing.uploads.admission import upload_seat
from processing.web.budgets import count_held_bytes, fan_out_budget, post_budget


def test_posts_fan_outs_and_uploads_count_together() -> None:
    async def scenario() -> int:
        async with post_budget().hold(10), fan_out_budget().hold(200):
            with upload_seat():
                return count_held_bytes()

    assert asyncio.run(scenario()) == 210 + UPLOAD_BYTES
    assert count_held_bytes() == 0
