"""Counting different texts in bounded memory: exactly while few, then by estimate."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from processing.processors.hyperloglog import HASH_BITS, HyperLogLog


class DistinctCounter:
    """Counts different texts by their 64-bit BLAKE2b hashes.

    Up to `exact_limit` the count is exact (that two of 1,000 texts share a hash has a chance of
    3 in 10**14); past it a HyperLogLog sketch takes over, with a standard error of 1.6 %.
    """

    def __init__(self, *, exact_limit: int) -> None:
        self._exact_limit = exact_limit
        self._hashes: set[int] = set()
        self._sketch: HyperLogLog | None = None

    def add(self, texts: Iterable[str]) -> None:
        """Take in a batch of texts, each of them hashed once."""
        hashes = {_hash_text(text) for text in set(texts)}
        if self._sketch is not None:
            self._sketch.add(hashes)
            return
        self._hashes |= hashes
        if len(self._hashes) > self._exact_limit:
            self._sketch = HyperLogLog()
            self._sketch.add(self._hashes)
            self._hashes.clear()

    @property
    def is_exact(self) -> bool:
        """Whether `count` is no estimate."""
        return self._sketch is None

    @property
    def count(self) -> int:
        """How many different texts were added."""
        return len(self._hashes) if self._sketch is None else self._sketch.estimate_count()


def _hash_text(text: str) -> int:
    return int.from_bytes(blake2b(text.encode(), digest_size=HASH_BITS // 8).digest(), "big")
