"""What there is to do for the seats."""

from __future__ import annotations

from dataclasses import dataclass

from processing.queue.claims import Delivery


@dataclass(frozen=True, kw_only=True)
class Load:
    """How many seats have nothing, and what the others have in their hands.

    `waiting_count` of the tasks in hand stand behind another. While it `is_held` nothing more is to
    be begun.
    """

    idle_count: int
    waiting_count: int
    in_hand: tuple[Delivery, ...]
    is_held: bool = False
