from __future__ import annotations

import os
from pathlib import Path

import pytest

from processing.uploads.walk import walk_files


def test_every_file_is_found_with_its_size_and_time(tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    (tmp_path / "top").write_bytes(b"1")
    (tmp_path / "a" / "b" / "deep").write_bytes(b"123")
    os.utime(tmp_path / "a" / "b" / "deep", (1000, 1000))

    found = {entry.name: entry for entry in walk_files(tmp_path)}

    assert set(found) == {"top", "a/b/deep"}
    assert found["a/b/deep"] == ("a/b/deep", 1000.0, 3)


def test_a_missing_folder_holds_nothing(tmp_path: Path) -> None:
    assert list(walk_files(tmp_path / "missing")) == []


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)

    assert [entry.name for entry in walk_files(tmp_path)] == ["loop"]


def test_files_may_be_removed_while_the_walk_is_under_way(tmp_path: Path) -> None:
    for number in range(1000):
        (tmp_path / str(number)).touch()

    for entry in walk_files(tmp_path):
        (tmp_path / entry.name).unlink()

    assert list(tmp_path.iterdir()) == []


def test_a_file_that_disappears_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").touch()
    entries = os.scandir(tmp_path)
    monkeypatch.setattr(os, "scandir", lambda path: entries)
    walk = walk_files(tmp_path)
    (tmp_path / "gone").unlink()

    assert list(walk) == []
