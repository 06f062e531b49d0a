"""Stands in for the package blessed, which django-q2's monitors draw with, and is not installed."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any


class Terminal:
    """A terminal without colours and places: what is written comes out as it is."""

    width = 160

    def __getattr__(self, name: str) -> Any:
        return write_plainly

    def fullscreen(self) -> nullcontext[None]:
        return nullcontext()

    hidden_cursor = cbreak = fullscreen


def write_plainly(*values: Any, **options: Any) -> str:
    """The text that is to be drawn; of a movement nothing."""
    return " ".join(value for value in values if isinstance(value, str))
