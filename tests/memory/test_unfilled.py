"""Which address space is a reserve, and which is about to be filled."""

from __future__ import annotations

from processing.memory.unfilled import SETTLED_SECONDS, Unfilled

LOOK_SECONDS = SETTLED_SECONDS / 6


def settle(sizes: list[int], *, at_first: int = 10) -> list[int]:
    """What has settled, look by look, of address space of these sizes."""
    unfilled = Unfilled(at_first)
    return [unfilled.settle(size, look * LOOK_SECONDS) for look, size in enumerate(sizes)]


def test_what_was_there_at_first_is_a_reserve() -> None:
    assert settle([10] * 10) == [10] * 10


def test_a_new_block_is_none_until_it_stayed_empty_for_a_while() -> None:
    settled = settle([90] * 20)
    assert settled[:6] == [10] * 6
    assert settled[12:] == [90] * 8


def test_a_block_that_is_being_filled_is_none() -> None:
    sizes = [280 - 35 * look for look in range(9)]
    assert max(settle(sizes)) <= 10 + 280 - 35 * 6


def test_what_was_filled_is_none_any_more() -> None:
    assert settle([90] * 20 + [0])[-1] == 0
