"""Where a process was when it grew."""

from __future__ import annotations

import inspect
from types import SimpleNamespace
from typing import Any

from processing.memory.growth import find_frame


def test_the_place_is_the_line_that_the_innermost_own_frame_is_at() -> None:
    frame = inspect.currentframe()
    assert frame is not None
    assert find_frame(frame) == (__file__, frame.f_lineno)


def test_a_frame_between_two_lines_is_told_by_the_first_line_of_its_function() -> None:
    """As another thread may see one; such a moment cannot be made to come."""
    code = test_a_frame_between_two_lines_is_told_by_the_first_line_of_its_function.__code__
    frame: Any = SimpleNamespace(f_code=code, f_lineno=None, f_back=None)
    assert find_frame(frame) == (__file__, code.co_firstlineno)
