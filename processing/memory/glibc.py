"""Functions of the C library that not every one has."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable


def find_function(name: str) -> Callable[..., int] | None:
    """A function of this process's C library, on Linux; None where it has none of that name."""
    library = ctypes.CDLL(None) if sys.platform == "linux" else None
    return getattr(library, name, None)
