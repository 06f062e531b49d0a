"""What a bucket holds of an unfinished file: the parts that count, and the tail behind them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import accumulate, count
from typing import NamedTuple

from processing.uploads.stores.s3.bucket import PART_BYTES
from processing.uploads.stores.s3.marker import Marker, Span

#: What S3 takes, with those that were taken back.
MOST_PARTS = 10_000
#: How long a file will be is not known while it grows. So 5,500 of its parts (46 GB) have
#: PART_BYTES, and from there on 500 at a time have twice as much: 4.3 TB in all.
EQUAL_PART_COUNT = 5_000
DOUBLED_EVERY_COUNT = 500


def part_bytes(number: int) -> int:
    """The size of the part of this number, unless it is the last one. Raises OSError where there
    can be no such part."""
    if number > MOST_PARTS:
        raise OSError(f"S3 takes no more than {MOST_PARTS} parts of a file.")
    return int(PART_BYTES << max(0, (number - 1 - EQUAL_PART_COUNT) // DOUBLED_EVERY_COUNT))


def find_part(offset: int) -> tuple[int, int]:
    """Where the part begins that the byte at `offset` is of, and its size; in a file of which no
    part was taken back. Raises OSError, as part_bytes does."""
    start = 0
    for number in count(1):
        if offset < start + part_bytes(number):
            break
        start += part_bytes(number)
    return start, part_bytes(number)


class Part(NamedTuple):
    """A part that the service has."""

    number: int
    size_bytes: int
    etag: str


@dataclass(frozen=True, kw_only=True)
class Kept:
    """All that is kept of an unfinished file."""

    marker: Marker

    parts: list[Part]
    """Those that count, in order."""

    next_number: int
    """The first number that no part has or may yet get."""

    @property
    def has_tail(self) -> bool:
        """Whether the marker's tail is the end of the file, and not in a part by now."""
        return self.marker.tail.start == self.parts_bytes

    @property
    def parts_bytes(self) -> int:
        """What the parts hold."""
        return sum(part.size_bytes for part in self.parts)

    @property
    def size_bytes(self) -> int:
        """What `measure` gives."""
        return self.parts_bytes + (self.marker.tail.length if self.has_tail else 0)

    def find_span(self, offset: int) -> Span:
        """Bytes of the marker from the end of a part up to `offset`, or beyond it.

        Raises OSError where those before `offset` lie in a part, which nobody can read.
        """
        ends = {0, *accumulate(part.size_bytes for part in self.parts)}
        spans = [Span(start=offset, length=0), self.marker.tail, self.marker.undo]
        for span in spans:
            if span and span.start in ends and span.start <= offset <= span.end:
                return span
        raise OSError(f"An unfinished file of {self.size_bytes} bytes cannot be cut at {offset}.")

    def cut(self, tail: Span) -> Marker:
        """The marker of the file that ends with this tail, which begins where a part ends."""
        ends = accumulate(part.size_bytes for part in self.parts)
        dropped = [
            part.number for part, end in zip(self.parts, ends, strict=True) if end > tail.start
        ]
        numbers = range(dropped[0], self.next_number) if dropped else range(0)
        return replace(
            self.marker, tail=tail, undo=None, skipped=self.marker.skipped.union(numbers)
        )
