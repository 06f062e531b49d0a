"""Raises while it is imported."""

from __future__ import annotations

raise RuntimeError("this module raises")


def run() -> None:
    """Nobody gets here."""
