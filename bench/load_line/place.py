"""Where one run of a system takes place, and what the system is told of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.queue.errors import NotMeasured
from bench.queue.interpreters import ROOT

#: For migrations.
PREPARE_SECONDS = 120.0


@dataclass(frozen=True, kw_only=True)
class Place:
    """`url` (of the database) is empty for a system without one."""

    folder: Path
    url: str


def make_environment(given: Mapping[str, str], python: Path, place: Place) -> dict[str, str]:
    """A clean environment: nothing of the developer's own settings reaches a system."""
    own = {name: fill(value, python, place) for name, value in given.items()}
    return {"PATH": os.environ["PATH"], "HOME": str(place.folder), **own}


def fill(text: str, python: Path, place: Place) -> str:
    """`text` with what is in braces replaced; `$PORT` is left to the shell."""
    return text.format(python=python, root=ROOT, folder=place.folder, url=place.url)


def migrate(command: Sequence[str], python: Path, environment: Mapping[str, str]) -> None:
    """Prepare a database by a command, given without the interpreter. Raises NotMeasured."""
    done = subprocess.run(  # noqa: S603  (our own command)
        [str(python), *command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=PREPARE_SECONDS,
    )
    if done.returncode:
        raise NotMeasured(f"the database could not be prepared: {done.stderr[-2000:]}")
