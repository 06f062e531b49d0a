"""An estimate of how many different values there were, in 4 KiB."""

from __future__ import annotations

import math
from collections.abc import Iterable

INDEX_BITS = 12
REGISTER_COUNT = 1 << INDEX_BITS
"""4,096 registers of a byte each. The standard error is 1.04 / sqrt(4096) = 1.6 % (P. Flajolet
and others, "HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm",
2007)."""

HASH_BITS = 64
_RANK_BITS = HASH_BITS - INDEX_BITS
_RANK_MASK = (1 << _RANK_BITS) - 1
_ALPHA = 1 / (2 * math.log(2))


class HyperLogLog:
    """A sketch of a set of 64-bit hashes.

    The estimate is the improved raw estimator of O. Ertl, "New cardinality estimation algorithms
    for HyperLogLog sketches", 2017: the error of 2007 over the whole range, while the estimator
    of 2007 counts 1 % too many near 10,000 values. Its correction for full registers is left out:
    they fill after about 2**64 values.
    """

    def __init__(self) -> None:
        self._registers = bytearray(REGISTER_COUNT)

    def add(self, hashes: Iterable[int]) -> None:
        """Take in hashes of HASH_BITS evenly spread bits; a hash seen before changes nothing."""
        registers = self._registers
        for value in hashes:
            index = value >> _RANK_BITS
            rank = _RANK_BITS + 1 - (value & _RANK_MASK).bit_length()
            if rank > registers[index]:
                registers[index] = rank

    def estimate_count(self) -> int:
        """Return about how many different hashes were added."""
        count_of_rank = self._registers.count
        weight = 0.0
        for rank in range(_RANK_BITS + 1, 0, -1):
            weight = (weight + count_of_rank(rank)) / 2
        weight += REGISTER_COUNT * _weigh_empty(count_of_rank(0) / REGISTER_COUNT)
        return round(_ALPHA * REGISTER_COUNT * REGISTER_COUNT / weight)


def _weigh_empty(fraction: float) -> float:
    """Ertl's sigma: x + the sum of x**(2**k) * 2**(k-1) over k from 1, for x from 0 to 1."""
    if fraction == 1.0:
        return math.inf
    total, term, factor = fraction, fraction, 1.0
    while term * factor > 0.0:
        term *= term
        total += term * factor
        factor *= 2
    return total
