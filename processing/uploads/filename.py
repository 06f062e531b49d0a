"""The name and type under which an upload is shown. They never name a file on our disk."""

from __future__ import annotations

import os

NAME_MAX_CHARACTERS = 200
"""As many as the Upload model's filename holds."""

EXTENSION_MAX_CHARACTERS = 20
"""What follows a dot further from the end is not an extension worth keeping."""

MEDIA_TYPE_MAX_CHARACTERS = 200
"""As many as the Upload model's media_type holds."""

FALLBACK_NAME = "upload"


def clean_filename(raw: str) -> str:
    """Return a display name of 1 to 200 printable characters, without any folder.

    Control, bidirectional and other invisible characters are left out. A long name is cut before
    its extension. What leaves nothing is "upload".
    """
    base = raw.replace("\\", "/").rpartition("/")[2]
    printable = "".join(character for character in base if character.isprintable()).strip()
    name = _shorten(printable)
    return FALLBACK_NAME if name in {"", ".", ".."} else name


def clean_media_type(raw: str) -> str:
    """What a client calls its file, if that can be kept and shown anywhere; else empty."""
    return raw[:MEDIA_TYPE_MAX_CHARACTERS] if raw.isascii() and raw.isprintable() else ""


def _shorten(name: str) -> str:
    stem, extension = os.path.splitext(name)
    if len(extension) > EXTENSION_MAX_CHARACTERS:
        stem, extension = name, ""
    return (stem[: NAME_MAX_CHARACTERS - len(extension)] + extension).rstrip()
