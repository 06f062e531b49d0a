"""Walking a folder of any size in constant memory."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple


class StoredEntry(NamedTuple):
    """A file found by a walk."""

    name: str
    """The path below the folder that was walked, with forward slashes."""

    modified_at: float
    """The time of the last write, in seconds since 1970."""

    size_bytes: int


def walk_files(root: Path, below: str = "") -> Iterator[StoredEntry]:
    """Yield every file below root / below as the directories are read.

    Symbolic links are not followed. What disappears during the walk is left out.
    """
    try:
        entries = os.scandir(root / below)
    except FileNotFoundError:
        return
    with entries:
        for entry in entries:
            name = f"{below}/{entry.name}" if below else entry.name
            if entry.is_dir(follow_symlinks=False):
                yield from walk_files(root, name)
            else:
                yield from _describe(entry, name)


def _describe(entry: os.DirEntry[str], name: str) -> Iterator[StoredEntry]:
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return
    yield StoredEntry(name, status.st_mtime, status.st_size)
