"""Hypothesis strategies for JSON values."""

from __future__ import annotations

from hypothesis import strategies as st

NUMBERS = st.integers(-(10**400), 10**400) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | NUMBERS | st.text(st.characters(codec=None), max_size=8)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=10,
)
OBJECTS = st.lists(st.dictionaries(st.sampled_from("abcd"), VALUES), max_size=12)


def nest(depth: int) -> list[object]:
    """A list in a list in a list: `[[[…]]]`, so many of them."""
    value: list[object] = []
    for _ in range(depth - 1):
        value = [value]
    return value
