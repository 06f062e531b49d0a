"""Sizes of memory in bytes, and as people write them."""

from __future__ import annotations

import re
from fractions import Fraction

KIB = 1024
MIB = 1024 * KIB
GIB = 1024 * MIB

UNITS = {"": 1, "K": KIB, "M": MIB, "G": GIB}
SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,6})?)\s*([KMG]?)(?:i?B)?", re.IGNORECASE | re.ASCII)
#: Less than this is no quota: Python alone takes more.
LEAST_BYTES = MIB


def parse_size(text: str) -> int:
    """The bytes in "512M", "1.5G" or "536870912"; K, M and G are powers of 1024.

    Raises ValueError, with what would do.
    """
    found = SIZE.fullmatch(text.strip())
    size_bytes = int(Fraction(found[1]) * UNITS[found[2].upper()]) if found else 0
    if size_bytes < LEAST_BYTES:
        raise ValueError(
            f"{text!r} is not a size of memory; write 512M, 1.5G or a number of bytes, 1M or more"
        )
    return size_bytes
