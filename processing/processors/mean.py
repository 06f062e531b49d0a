"""The mean of many numbers, added in batches, without loss and without overflow."""

from __future__ import annotations

import math
from collections.abc import Sequence

LARGE_UNIT = 2.0**64
"""The unit of a sum that would pass 1.8e308. A power of two scales without rounding, and
fewer than 2**64 numbers of any size cannot overflow in it."""


class Mean:
    """A running mean that agrees with `statistics.fmean` and never overflows.

    The sum is kept as two floats, a rounded one and what the rounding lost, each found by
    `math.fsum`, which rounds once for the whole batch.
    """

    def __init__(self) -> None:
        self._count = 0
        self._sum = 0.0
        self._rest = 0.0
        self._unit = 1.0

    def add(self, numbers: Sequence[float]) -> None:
        """Take in a batch of finite numbers; an int must be one that a float can hold."""
        try:
            self._accumulate(numbers)
        except OverflowError:
            self._enlarge_unit()
            self._accumulate(numbers)
        self._count += len(numbers)

    @property
    def value(self) -> float | None:
        """The mean so far; None before the first number."""
        if not self._count:
            return None
        return self._sum / self._count * self._unit

    def _accumulate(self, numbers: Sequence[float]) -> None:
        terms = [self._sum, self._rest, *(number / self._unit for number in numbers)]
        total = math.fsum(terms)
        rest = math.fsum([*terms, -total])
        self._sum, self._rest = total, rest

    def _enlarge_unit(self) -> None:
        self._unit = LARGE_UNIT
        self._sum /= LARGE_UNIT
        self._rest /= LARGE_UNIT
