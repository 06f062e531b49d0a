"""One range of bytes, as RFC 9110 section 14 asks for it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from processing.errors import RangeNotSatisfiable

RANGE = re.compile(r"bytes=(\d{0,19})-(\d{0,19})")


@dataclass(frozen=True, kw_only=True)
class ByteRange:
    """The bytes `start` to `start + length - 1` of `total`."""

    start: int
    length: int
    total: int

    @property
    def content_range(self) -> str:
        """The value of Content-Range."""
        return f"bytes {self.start}-{self.start + self.length - 1}/{self.total}"


def read_range(header: str, total: int) -> ByteRange | None:
    """The range that `header` asks for; None for none, for several, or for one we cannot read.

    Raises RangeNotSatisfiable when it lies outside the `total` bytes.
    """
    match = RANGE.fullmatch(header.strip())
    if match is None or match[0] == "bytes=-":
        return None
    first, last = match.groups()
    start = int(first) if first else max(0, total - int(last))
    end = min(int(last), total - 1) if first and last else total - 1
    if first and last and int(last) < int(first):
        return None
    if start >= total:
        raise RangeNotSatisfiable(headers={"Content-Range": f"bytes */{total}"})
    return ByteRange(start=start, length=end - start + 1, total=total)
