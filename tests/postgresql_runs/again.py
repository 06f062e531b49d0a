"""Running tests once more, on PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.needs import require_postgresql

ROOT = Path(__file__).parents[2]


def run_again(name: str, *tests: str, seconds: float) -> None:
    """Run `tests` in a process of their own, on a database called after `name`."""
    server = require_postgresql().rpartition("/")[0]
    options = ["-q", "-p", "no:xdist", "-p", "no:cacheprovider", "--create-db"]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *tests],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": f"{server}/plimsoll_{name}_{os.getpid()}"},
        capture_output=True,
        text=True,
        timeout=seconds,
    )
    assert result.returncode == 0, result.stdout[-20_000:] + result.stderr[-5_000:]
