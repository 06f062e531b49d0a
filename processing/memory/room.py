"""The memory that is left for tasks at one moment, and what still fits into it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Hand:
    """What one seat has in its hand: the task that it runs, and those that it runs after it.

    They run one after the other, so that it is committed to the largest of them, `expected_bytes`,
    and not to their sum. The one that runs has added `grown_bytes` so far. A seat that leaves
    `is_closed`: it ends what it has and takes nothing more.
    """

    expected_bytes: int = 0
    grown_bytes: int = 0
    is_empty: bool = True
    is_closed: bool = False
    runs_alone: bool = False

    @property
    def held_bytes(self) -> int:
        """What is to be kept free for it, with what it has already taken of that."""
        return max(self.expected_bytes, self.grown_bytes)


class Room:
    """What may be begun beside what the seats have in hand; it changes with what it `takes`.

    `free_bytes` is what all tasks together may hold. Nobody knows yet which seat gets what, so it
    counts with the worst: the largest task goes to the seat that is committed to the least. What is
    taken then fits however it is dealt out.
    """

    def __init__(self, free_bytes: int, hands: Iterable[Hand]) -> None:
        hands = list(hands)
        self.is_unused = all(hand.is_empty for hand in hands)
        self.is_closed = any(hand.runs_alone for hand in hands)
        """Whether a task runs alone, so that nothing else may be begun."""
        self._free_bytes = free_bytes - sum(hand.held_bytes for hand in hands if hand.is_closed)
        open_hands = [hand.held_bytes for hand in hands if not hand.is_closed]
        self._held = sorted(open_hands) or [0]  # the seat is still being started
        self._taken: list[int] = []  # the largest, first

    @property
    def left_bytes(self) -> int:
        """What is left for one more task in an idle seat; below 0 where too much runs already."""
        return self._free_bytes - self._count_needed(self._taken)

    def takes(self, expected_bytes: int) -> bool:
        """Whether one more task fits that may take so much; if so, its place is taken."""
        if self.is_closed:
            return False
        taken = self._taken
        if len(taken) == len(self._held) and expected_bytes <= taken[-1]:
            return True  # no more of them run at once than there are seats
        if self._count_needed(self._put(expected_bytes)) > self._free_bytes:
            return False
        self.take(expected_bytes)
        return True

    def take(self, expected_bytes: int) -> None:
        """Begin one more task, whether it fits or not."""
        self._taken = self._put(expected_bytes)
        self.is_unused = False

    def takes_alone(self) -> bool:
        """Whether a task may begin that nothing may run beside; if so, there is no room left."""
        if not self.is_unused or self.is_closed:
            return False
        self.is_unused = False
        self.is_closed = True
        return True

    def _put(self, expected_bytes: int) -> list[int]:
        """The largest that may run at once, the largest first."""
        return sorted([*self._taken, expected_bytes], reverse=True)[: len(self._held)]

    def _count_needed(self, taken: Sequence[int]) -> int:
        """What the seats need that may get these, the largest first."""
        needed_bytes = sum(self._held)
        for expected_bytes, held_bytes in zip(taken, self._held, strict=False):
            needed_bytes += max(0, expected_bytes - held_bytes)
        return needed_bytes
