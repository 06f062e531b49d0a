"""Ranges of bytes, apart from any answer."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processing.errors import RangeNotSatisfiable
from processing.web.byte_range import read_range

SIZES = st.integers(0, 1000)


@given(st.integers(0, 999), st.integers(0, 10**19 - 1), st.integers(1, 1000))
def test_a_range_is_what_slicing_gives(first: int, last: int, total: int) -> None:
    content = bytes(total)
    if first >= total and last >= first:
        with pytest.raises(RangeNotSatisfiable):
            read_range(f"bytes={first}-{last}", total)
        return
    part = read_range(f"bytes={first}-{last}", total)
    if last < first:
        assert part is None
    else:
        assert part is not None
        assert part.length == len(content[first : last + 1]) > 0
        assert part.content_range == f"bytes {first}-{first + part.length - 1}/{total}"


@given(st.integers(1, 2000), st.integers(1, 1000))
def test_a_suffix_is_the_end(length: int, total: int) -> None:
    part = read_range(f"bytes=-{length}", total)
    assert part is not None
    assert (part.start, part.length) == (max(0, total - length), min(length, total))


@given(st.text(max_size=30) | st.text("bytes=-,0123456789 ", max_size=30), SIZES)
def test_no_header_raises_anything_else(header: str, total: int) -> None:
    try:
        part = read_range(header, total)
    except RangeNotSatisfiable:
        return
    assert part is None or 0 <= part.start < part.start + part.length <= total
