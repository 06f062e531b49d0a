"""What can keep a figure from being measured."""

from __future__ import annotations


class Unavailable(Exception):
    """A system or a store is not there; the text says why. It is skipped."""


class NotMeasured(Exception):
    """A measurement did not come to its end; the text says what was waited for."""
