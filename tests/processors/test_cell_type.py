from __future__ import annotations

import pytest

from processing.processors.cell_type import CellType, parse_numbers


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [(["1", "-2", "+3", "007"], [1, -2, 3, 7]), ([str(2**63 + 1)], [2**63 + 1])],
)
def test_whole_numbers_are_integers_without_rounding(texts, numbers):
    assert parse_numbers(texts) == (CellType.INTEGER, numbers)


@pytest.mark.parametrize(
    ("texts", "numbers"),
    [(["1.5", "2"], [1.5, 2.0]), (["1e3", "-.5E-1", "4."], [1000.0, -0.05, 4.0])],
)
def test_decimals_and_exponents_are_numbers(texts, numbers):
    assert parse_numbers(texts) == (CellType.NUMBER, numbers)


@pytest.mark.parametrize(
    "text",
    [
        "a", "1_000", "inf", "-Infinity", "nan", "1,5", "٣", "1-2", "+", ".", "e5", "0x10", "1 2",
        "1e999", "9" * 400, "9" * 5_000, "--1", "1e", "½",
    ],
)  # fmt: skip
def test_anything_else_is_text(text):
    assert parse_numbers([text]) == (CellType.TEXT, ())
    assert parse_numbers(["1", text, "2"]) == (CellType.TEXT, ())
