"""What the jobs do: the same functions in every system, with no library but Python's own."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from bench.load_line.kinds import CHECK, ECHO, HOG, HOG_IN_C, LEAK, WANT

MIB = 1024 * 1024

#: What a job that wants memory takes, in MiB, and how long it holds that, in seconds.
LEAST_WANTED_MIB, MOST_WANTED_MIB = 20, 200
HOLD_SECONDS = 0.1
LEAKED_BYTES = 5 * MIB
#: A step of the hog that takes memory piece by piece.
PIECE_BYTES = MIB

#: What uploads consist of, again and again.
BLOCK_BYTES = 256 * 1024
BLOCK = bytes(range(256)) * (BLOCK_BYTES // 256)

_leaked: list[bytearray] = []


def echo(data: dict[str, Any]) -> int:
    """Return how many characters came."""
    return len(data["padding"])


def want(data: dict[str, Any]) -> int:
    """Fill 20 to 200 MiB, the same for the same number, and hold them for a moment."""
    span = MOST_WANTED_MIB - LEAST_WANTED_MIB + 1
    size_mib: int = LEAST_WANTED_MIB + int(data["index"]) * 67 % span
    held = bytearray(size_mib * MIB)  # it is filled with zeros, so every page is there
    time.sleep(HOLD_SECONDS)
    return len(held) // MIB


def leak(data: dict[str, Any]) -> int:
    """Take 5 MiB and never give them back; return how many such jobs this process has run."""
    _leaked.append(bytearray(LEAKED_BYTES))
    return len(_leaked)


def hog(data: dict[str, Any]) -> None:
    """Take a MiB, again and again, until somebody ends it."""
    pieces = []
    while True:
        pieces.append(bytearray(PIECE_BYTES))


def hog_in_c(data: dict[str, Any]) -> None:
    """Double a text until somebody ends it: each step is one call of C that fills the memory."""
    text = b"x" * MIB
    while True:
        text += text


def check(source: BinaryIO) -> int:
    """Read an upload to its end; return its length. Raises ValueError when it is not what was
    sent."""
    size_bytes = 0
    while piece := source.read(BLOCK_BYTES):
        if piece != BLOCK[: len(piece)]:
            raise ValueError(
                f"what was stored differs from what was sent, after {size_bytes} bytes"
            )
        size_bytes += len(piece)
    return size_bytes


def check_and_remove(path: str) -> int:
    """`check` a stored file that nobody needs afterwards."""
    try:
        with open(path, "rb") as source:
            return check(source)
    finally:
        Path(path).unlink()


DO: dict[str, Callable[[dict[str, Any]], Any]] = {
    ECHO: echo,
    WANT: want,
    LEAK: leak,
    HOG: hog,
    HOG_IN_C: hog_in_c,
}


def run(kind: str, data: Any) -> Any:
    """Do one job of any kind; an upload's `data` is the path of its file."""
    return check_and_remove(data) if kind == CHECK else DO[kind](data)
