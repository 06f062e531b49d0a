"""`manage.py sweep_uploads`: the command around the sweep."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.management.conftest import Run

pytestmark = pytest.mark.django_db


@pytest.fixture
def stray(folders: Path) -> Path:
    """A file of 2 KiB that nothing owns and that is old enough."""
    path = folders / "store" / "sources" / "ab" / "abc"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x" * 2048)
    os.utime(path, (0, 0))
    return path


def test_what_nothing_owns_goes(run: Run, stray: Path) -> None:
    said = run("sweep_uploads")
    assert said.out == "Deleted 0 expired uploads and 1 file that nothing owns, 2.0 KB.\n"
    assert not stray.exists()


def test_a_dry_run_deletes_nothing(run: Run, stray: Path) -> None:
    assert run("sweep_uploads", "--dry-run").out.startswith("Would delete 0 expired uploads and 1 ")
    document = run("sweep_uploads", "--dry-run", "--json").document
    assert document == {"uploads": 0, "files": 1, "bytes": 2048, "dry_run": True}
    assert stray.exists()
