"""What was allocated where: the traces of tracemalloc, reduced to the lines that hold most."""

from __future__ import annotations

from _tracemalloc import _get_traces
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from heapq import nlargest
from itertools import chain, islice, repeat
from operator import itemgetter
from pathlib import Path
from typing import Any

from processing.memory.source_lines import Frame, describe_place, find_own_frame, read_line

#: Frames kept of each allocation: json.loads in a method of a library is 5 calls deep. Each one
#: more makes every allocation slower.
KEPT_FRAMES = 5
#: The largest blocks are counted one by one, and of the others as many are looked at and stand for
#: the rest. Any object that Python makes here is traced too, at 3 µs, while the task waits.
COUNTED_BLOCKS = 10_000
#: What the profile itself allocates is none of the task's.
OWN_FILES = {
    str(Path(__file__).with_name(f"{name}.py"))
    for name in ("allocations", "growth", "profiler", "source_lines", "status")
}
#: A line that holds less is not worth telling.
LINE_LEAST_BYTES = 4096

#: Of one block: its domain, its size in bytes, its frames with the innermost first, and how many
#: frames it had. The same frames are the same object.
Trace = tuple[int, int, tuple[Frame, ...], int]


@dataclass(frozen=True, kw_only=True)
class LineUse:
    """What one line of code holds. `blocks` is 0 where nobody counted them.

    `detail` names the line of a library that the line was in, or says what else there is to know.
    """

    place: str
    line: str
    size_bytes: int
    blocks: int
    detail: str = ""

    @property
    def document(self) -> dict[str, Any]:
        """The same as JSON."""
        detail = {"detail": self.detail} if self.detail else {}
        return {
            "place": self.place,
            "line": self.line,
            "bytes": self.size_bytes,
            "blocks": self.blocks,
            **detail,
        }


def read_line_uses(most: int) -> list[LineUse]:
    """The at most `most` lines that hold most of what tracemalloc traces now, the largest first.

    The memory that this takes for a moment is in proportion to the number of blocks; see
    memory/profiler.py. Raises MemoryError.
    """
    traces: list[Trace] = _get_traces()  # type: ignore[assignment]
    return reduce_traces(traces, most)


def reduce_traces(traces: list[Trace], most: int) -> list[LineUse]:
    """The same of these traces, which are put in order in place.

    In the order of their sizes every n-th stands well for its neighbours.
    """
    traces.sort(key=itemgetter(1), reverse=True)
    step = max(1, -(-(len(traces) - COUNTED_BLOCKS) // COUNTED_BLOCKS))
    counted = zip(islice(traces, COUNTED_BLOCKS), repeat(1))
    sampled = zip(islice(traces, COUNTED_BLOCKS + step // 2, None, step), repeat(step))
    by_stack: dict[tuple[Frame, ...], list[int]] = {}
    for (_, size_bytes, frames, _), weight in chain(counted, sampled):
        total = by_stack.setdefault(frames, [0, 0])
        total[0] += size_bytes * weight
        total[1] += weight
    return _group_by_line(by_stack, most)


def _group_by_line(by_stack: Mapping[tuple[Frame, ...], list[int]], most: int) -> list[LineUse]:
    by_line: dict[Frame, _Line] = defaultdict(_Line)
    for frames, (size_bytes, blocks) in by_stack.items():
        own = find_own_frame(frames) or frames[-1]
        if own[0] not in OWN_FILES:
            by_line[own].add(frames[0], size_bytes, blocks)
    largest = nlargest(most, by_line.items(), key=lambda item: item[1].size_bytes)
    return [line.describe(own) for own, line in largest if line.size_bytes >= LINE_LEAST_BYTES]


class _Line:
    """What the stacks through one line hold together, and the largest of their ends."""

    def __init__(self) -> None:
        self.size_bytes = self.blocks = self._most_bytes = 0
        self._end: Frame = ("", 0)

    def add(self, end: Frame, size_bytes: int, blocks: int) -> None:
        self.size_bytes += size_bytes
        self.blocks += blocks
        if size_bytes > self._most_bytes:
            self._most_bytes, self._end = size_bytes, end

    def describe(self, own: Frame) -> LineUse:
        inner = f"in {describe_place(self._end)} {read_line(self._end)}".rstrip()
        return LineUse(
            place=describe_place(own),
            line=read_line(own),
            size_bytes=self.size_bytes,
            blocks=self.blocks,
            detail=inner if self._end != own else "",
        )
