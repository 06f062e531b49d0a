"""Which type the cells of a table have, and the numbers that they stand for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import IntEnum

_INTEGER_CHARACTERS = "+-0123456789"
_NUMBER_CHARACTERS = _INTEGER_CHARACTERS + ".Ee"


class CellType(IntEnum):
    """A type of cells. A greater one takes all that a lesser one takes."""

    EMPTY = 0
    INTEGER = 1
    NUMBER = 2
    TEXT = 3


def parse_numbers(texts: Sequence[str]) -> tuple[CellType, Sequence[float]]:
    """Return the least type that takes all the texts, and their numbers; none for TEXT.

    A number is what Python's `int` and `float` take, but in ASCII, without '_', 'inf' and
    'nan', and within the range of a float. Integers are returned as int, without rounding.
    """
    characters = "".join(texts)
    # Stripping leaves nothing exactly if there are no other characters.
    is_integer = not characters.strip(_INTEGER_CHARACTERS)
    is_number = is_integer or not characters.strip(_NUMBER_CHARACTERS)
    if not is_number:
        return CellType.TEXT, ()
    try:
        numbers = list(map(int if is_integer else float, texts))
    except ValueError:  # such as '1-2', '.', or more digits than int() takes
        return CellType.TEXT, ()
    if not (-sys.float_info.max <= min(numbers) and max(numbers) <= sys.float_info.max):
        return CellType.TEXT, ()
    return CellType.INTEGER if is_integer else CellType.NUMBER, numbers
