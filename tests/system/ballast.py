"""Memory that a cluster's tree holds and no running task does, as much as a test wants.

It is in a child of the template: whatever its tree holds counts against the quota. As a program
this file is that child; `keep` and `grow` are tasks.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from processing.queue.cluster.process_traits import die_with_parent

MIB = 1024 * 1024
POLL_SECONDS = 0.02
#: What nobody ends has ended by then.
LONGEST_SECONDS = 120.0

kept: list[bytearray] = []


@dataclass(frozen=True, kw_only=True)
class Ballast:
    """The file that says how much is to be held; the one beside it says how much is."""

    path: Path

    @property
    def held_bytes(self) -> int:
        """What is held by now."""
        with suppress(OSError, ValueError):
            return int(self.path.with_suffix(".held").read_text())
        return -1

    def ask(self, size_bytes: int) -> None:
        """Have so much held."""
        _write(self.path, size_bytes)


def start(path: str) -> None:
    """Start a child that holds what the file says; it dies with this process."""
    command = [sys.executable, "-m", __name__, path, str(os.getpid())]
    subprocess.Popen(command, stdout=subprocess.DEVNULL)


def keep(megabytes: int) -> None:
    """Leave the seat so much larger."""
    kept.append(bytearray(b"x") * (megabytes * MIB))


def grow(megabytes: int, began: str, go: str) -> None:
    """Hold so much while it runs, which is until the file `go` is there."""
    held = bytearray(b"x") * (megabytes * MIB)
    Path(began).touch()
    deadline = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < deadline and not Path(go).exists():
        time.sleep(POLL_SECONDS)
    del held


def main(path: Path, parent_pid: int) -> None:
    """Hold what the file says, for as long as there is a cluster and a test."""
    die_with_parent(parent_pid)
    ballast = Ballast(path=path)
    held = bytearray()
    deadline = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError, ValueError):
            wanted_bytes = int(ballast.path.read_text())
            if wanted_bytes != len(held):
                held = bytearray()
                held = bytearray(b"x") * wanted_bytes
            _write(path.with_suffix(".held"), len(held))
        time.sleep(POLL_SECONDS)


def _write(path: Path, number: int) -> None:
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_text(str(number))
    temporary.replace(path)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
