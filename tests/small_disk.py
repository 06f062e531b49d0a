"""A file system that is soon full."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.needs import give_up


@contextmanager
def mount_small_disk(mount_point: Path, size_bytes: int) -> Iterator[Path]:
    """A file system of this size, at a path that is made for it."""
    mount_point.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={size_bytes}"]
    command = ["mount", *options, "tmpfs", str(mount_point)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode:
        give_up(f"a small tmpfs cannot be mounted here: {mounted.stderr.strip()}")
    try:
        yield mount_point
    finally:
        subprocess.run(["umount", "--lazy", str(mount_point)], check=True)
