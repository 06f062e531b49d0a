"""Sizes of memory as people write them."""

from __future__ import annotations

import pytest

from processing.memory.units import GIB, MIB, parse_size


@pytest.mark.parametrize(
    ("text", "size_bytes"),
    [
        ("512M", 512 * MIB),
        ("512m", 512 * MIB),
        ("512 MB", 512 * MIB),
        ("512MiB", 512 * MIB),
        ("1G", GIB),
        ("1.5G", 1536 * MIB),
        ("2048K", 2 * MIB),
        ("536870912", 512 * MIB),
    ],
)
def test_a_size_is_read(text: str, size_bytes: int) -> None:
    assert parse_size(text) == size_bytes


@pytest.mark.parametrize("text", ["", "much", "-512M", "512X", "1e9", "0", "512", "1,5G", "٥١٢M"])
def test_a_size_that_makes_no_sense_says_what_would(text: str) -> None:
    with pytest.raises(ValueError, match="is not a size of memory; write 512M") as caught:
        parse_size(text)
    assert repr(text) in str(caught.value)
