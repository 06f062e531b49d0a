"""Where a process was when it grew: what no trace of an allocation tells."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from itertools import islice
from types import FrameType

from processing.memory.allocations import LineUse
from processing.memory.source_lines import Frame, describe_place, find_own_frame, read_line

#: So many frames of a stack are looked through for a line of the user's own.
LOOKED_AT_FRAMES = 64
#: So many lines are told apart; what grows at any other counts for none.
TOLD_LINES = 256


class Growth:
    """How much a process has grown, line by line of its main thread; looked at now and then.

    What it shrinks by is taken from the line that is at work then, so that a line that allocates
    and frees again and again does not add up.
    """

    def __init__(self) -> None:
        self._grown_bytes: dict[Frame, int] = {}
        self._last_bytes = 0

    def note(self, size_bytes: int, frame: Frame | None) -> None:
        """The process is so much larger than at the start, and its main thread is at `frame`."""
        grown_bytes = size_bytes - self._last_bytes
        self._last_bytes = size_bytes
        if frame is not None and (
            frame in self._grown_bytes or len(self._grown_bytes) < TOLD_LINES
        ):
            self._grown_bytes[frame] = self._grown_bytes.get(frame, 0) + grown_bytes

    def find_most(self, detail: str) -> LineUse | None:
        """The line at which it has grown most, with `detail`; None where it has at none."""
        frame = max(self._grown_bytes, key=lambda key: self._grown_bytes[key], default=None)
        if frame is None or self._grown_bytes[frame] <= 0:
            return None
        return LineUse(
            place=describe_place(frame),
            line=read_line(frame),
            size_bytes=self._grown_bytes[frame],
            blocks=0,
            detail=detail,
        )


def find_main_frame() -> Frame | None:
    """The innermost line of the user's own that the main thread of this process is at."""
    return find_frame(sys._current_frames().get(threading.main_thread().ident or 0))


def find_frame(frame: FrameType | None) -> Frame | None:
    """The innermost line of the user's own on the stack that ends with `frame`."""
    return find_own_frame(islice(_walk(frame), LOOKED_AT_FRAMES))


def _walk(frame: FrameType | None) -> Iterator[Frame]:
    while frame is not None:
        # Seen from another thread a frame may be between two lines, and is at none.
        yield frame.f_code.co_filename, frame.f_lineno or frame.f_code.co_firstlineno
        frame = frame.f_back
