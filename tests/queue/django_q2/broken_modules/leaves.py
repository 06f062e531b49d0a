"""Ends the process that imports it."""

from __future__ import annotations

import sys

sys.exit("this module leaves")


def run() -> None:
    """Nobody gets here."""
