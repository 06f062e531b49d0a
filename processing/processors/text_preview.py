"""How texts are shown in a result, so that it stays small."""

from __future__ import annotations

PREVIEW_CHARS = 100
"""Enough to recognise a text by."""


def preview_text(text: str) -> str:
    """Return the text, cut to PREVIEW_CHARS. Cutting keeps the order of texts."""
    return text[:PREVIEW_CHARS]
