"""Plimsoll: background work, fan-out and uploads that stay below their load line."""

__version__ = "0.1.0"
