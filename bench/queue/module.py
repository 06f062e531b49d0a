"""A module of ours in a process of its own."""

from __future__ import annotations

import json
import select
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from bench.queue.errors import NotMeasured
from bench.queue.interpreters import ROOT


@contextmanager
def run_module(
    name: str, *arguments: str, stdin: int = subprocess.DEVNULL
) -> Iterator[subprocess.Popen[str]]:
    """It is gone behind the block."""
    with subprocess.Popen(  # noqa: S603  (our own command)
        [sys.executable, "-m", name, *arguments],
        cwd=ROOT,
        stdin=stdin,
        stdout=subprocess.PIPE,
        start_new_session=True,  # Ctrl-C reaches the bench alone
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def ask_module(process: subprocess.Popen[str], plan: Any, seconds: float) -> Any:
    """Write `plan` to it as a line of JSON, and read such a line. Raises NotMeasured."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(json.dumps(plan) + "\n")
    process.stdin.flush()
    ready, _, _ = select.select([process.stdout], [], [], seconds)
    line = process.stdout.readline() if ready else ""
    if not line:
        raise NotMeasured(f"what sends was not done within {seconds:g} s, or failed")
    return json.loads(line)
