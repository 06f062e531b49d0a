"""A store of its own for every test of resumable uploads."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def store(folders: Path) -> Path:
    """The folder that is the store."""
    return folders / "store"
