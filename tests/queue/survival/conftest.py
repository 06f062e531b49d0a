"""Files by which a test and the tasks in its cluster know of each other."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def marks(tmp_path: Path) -> Path:
    """The file in which the tasks note when they begin and end."""
    return tmp_path / "marks"


@pytest.fixture
def go(tmp_path: Path) -> Path:
    """The file for which the tasks wait."""
    return tmp_path / "go"
