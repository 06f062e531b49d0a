from __future__ import annotations

import json

import pytest
from hypothesis import given

from processing.processors.json_identity import identify_value
from tests.processors.json_values import VALUES


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        ([1, 2], [1.0, 2.0]),
        ({"a": 1, "b": [0]}, {"b": [-0.0], "a": 1}),
        ([2**60], [2.0**60]),
        (["\ud800"], ["\ud800"]),
    ],
)
def test_equal_values_share_a_key(one, other):
    assert identify_value(one) == identify_value(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (0, False),
        ([1], [True]),
        ([], {}),
        ([None], []),
        ("1", 1),
        (["1 "], [1]),
        ([["a"], "b"], [["a", "b"]]),
        ([["a"], []], [[["a"]]]),
        ([{"a": 1}, {}], [{"a": [1]}]),
        (["a", "b"], ["ab"]),
        ([1, 2], [2, 1]),
        ({"a": "b"}, ["a", "b"]),
        ({"a": {"b": 1}}, {"b": {"a": 1}}),
        ([1e-07], [0x1E]),
        ("true", True),
        ([2**60 + 1], [2.0**60]),
    ],
)
def test_different_values_have_different_keys(one, other):
    assert identify_value(one) != identify_value(other)


@given(VALUES, VALUES)
def test_keys_differ_exactly_where_values_do(one, other):
    assert (identify_value(one) == identify_value(other)) == (normalize(one) == normalize(other))


def normalize(value: object) -> str:
    """The text of a value with whole floats as ints; the independent meaning of equality."""

    def visit(part):
        if isinstance(part, float) and part == int(part):
            return int(part)
        if isinstance(part, list):
            return [visit(item) for item in part]
        if isinstance(part, dict):
            return {name: visit(item) for name, item in part.items()}
        return part

    return json.dumps(visit(value), sort_keys=True)
