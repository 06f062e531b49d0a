"""What this process holds."""

from __future__ import annotations

import psutil


def read_resident_bytes() -> int:
    """The resident set of this process, in bytes."""
    return int(psutil.Process().memory_info().rss)
