"""The bytes that are sent: one random block, again and again.

It is random so that a parser that looks for line ends finds as many as in any packed file.
"""

from __future__ import annotations

import hashlib
import os
import random
from functools import cache

PATTERN_BYTES = 4 * 1024 * 1024
SEED = 7


def make_pattern() -> bytes:
    """Always the same block of PATTERN_BYTES."""
    return random.Random(SEED).randbytes(PATTERN_BYTES)  # noqa: S311  (bytes, not secrets)


def open_pattern() -> int:
    """A descriptor of the block in memory, for sendfile."""
    descriptor = os.memfd_create("pattern")
    os.write(descriptor, make_pattern())
    return descriptor


@cache
def find_digest(before: bytes, size_bytes: int, after: bytes) -> str:
    """The SHA-256 of so many bytes of the pattern, with what stands before and behind them."""
    pattern, digest = make_pattern(), hashlib.sha256(before)
    for start in range(0, size_bytes, PATTERN_BYTES):
        digest.update(pattern[: size_bytes - start])
    digest.update(after)
    return digest.hexdigest()
