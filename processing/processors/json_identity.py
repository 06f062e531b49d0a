"""When two JSON values are the same value."""

from __future__ import annotations

import hashlib
from collections.abc import Hashable

from processing.processors.job import JSONValue

DIGEST_BYTES = 16
"""Long enough that two different values never meet by chance."""


def identify_value(value: JSONValue) -> Hashable:
    """Return a key that two JSON values share exactly if they are equal.

    Numbers are equal by their value (1 is 1.0), objects whatever the order of their names.
    A boolean is never a number. Nesting may be of any depth.
    """
    if isinstance(value, bool):
        return b"true" if value else b"false"
    if isinstance(value, list | dict):
        return _digest_container(value)
    return value


def _digest_container(container: list[JSONValue] | dict[str, JSONValue]) -> bytes:
    """Hash the values from the outside in, each with its kind and size in front."""
    digest = hashlib.blake2b(digest_size=DIGEST_BYTES)
    pending: list[JSONValue] = [container]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            digest.update(b"{%d " % len(value))
            for name in sorted(value):
                pending += (value[name], name)
        elif isinstance(value, list):
            digest.update(b"[%d " % len(value))
            pending += value
        else:
            digest.update(_encode_scalar(value))
    return digest.digest()


def _encode_scalar(value: str | int | float | bool | None) -> bytes:
    if isinstance(value, str):
        text = value.encode("utf-8", "surrogatepass")
        return b'"%d %s' % (len(text), text)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:x} ".encode()  # hexadecimal: decimal digits are limited and slow
    return f"{value!r} ".encode()
