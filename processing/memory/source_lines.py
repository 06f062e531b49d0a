"""Lines of code: which of those on a stack is the user's own, and what it says."""

from __future__ import annotations

import linecache
import sysconfig
from collections.abc import Iterable
from functools import cache

#: Code that is somebody else's: Python's own and what is installed beside it.
LIBRARIES = tuple(
    {sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
)
#: A place and a line are kept up to so many characters.
PLACE_MOST_CHARACTERS = 300
LINE_MOST_CHARACTERS = 200

#: A file and a line number, as tracemalloc has them.
Frame = tuple[str, int]


@cache
def is_library(filename: str) -> bool:
    """Whether the file is Python's own or an installed package's, frozen modules included."""
    return filename.startswith(("<frozen ", *(f"{folder}/" for folder in LIBRARIES)))


def find_own_frame(frames: Iterable[Frame]) -> Frame | None:
    """The innermost frame outside of libraries, where `frames` begin with the innermost."""
    return next((frame for frame in frames if not is_library(frame[0])), None)


def describe_place(frame: Frame) -> str:
    """A frame as "/app/hog.py:12"."""
    filename, number = frame
    return f"{filename[-PLACE_MOST_CHARACTERS:]}:{number}"


def read_line(frame: Frame) -> str:
    """What the line says, without its indentation; empty where its file cannot be read."""
    return linecache.getline(*frame).strip()[:LINE_MOST_CHARACTERS]
