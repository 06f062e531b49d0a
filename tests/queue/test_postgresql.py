"""The queue's and the models' tests once more, on PostgreSQL."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.needs import require_postgresql

ROOT = Path(__file__).parents[2]


def test_the_queue_passes_its_tests_on_postgresql() -> None:
    url = require_postgresql()
    tests = ["tests/queue", "tests/models", "--deselect", "tests/queue/test_postgresql.py"]
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", "-p", "no:cacheprovider", *tests],
        cwd=ROOT,
        env={**os.environ, "DATABASE_URL": url},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert result.returncode == 0, result.stdout + result.stderr
