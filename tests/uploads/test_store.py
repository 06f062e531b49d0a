from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest
from django.core.exceptions import SuspiciousFileOperation
from pytest_django import Settings

from processing.errors import DiskFull
from processing.uploads.handler import SpooledFile
from processing.uploads.store import (
    iter_stored,
    keep_result,
    keep_upload,
    open_stored,
    remove_stored,
    stored_size,
)
from tests.uploads.bodies import file_part, form, receive
from tests.uploads.conftest import files_below, place_store


def upload(content: bytes) -> SpooledFile:
    return asyncio.run(receive(form(file_part(content))))


def read_stored(name: str) -> bytes:
    with open_stored(name) as file:
        return file.read()


def test_an_upload_is_moved_not_copied(spool: Path, store: Path) -> None:
    spooled = upload(b"content")
    inode = Path(spooled.temporary_file_path()).stat().st_ino

    name = keep_upload(spooled)

    folder, shard, identity = name.split("/")
    assert (folder, shard, len(identity)) == ("sources", identity[:2], 32)
    assert (store / name).stat().st_ino == inode
    assert files_below(spool) == []
    assert spooled.closed


def test_the_store_is_for_its_owner_alone(store: Path) -> None:
    name = keep_upload(upload(b"content"))

    assert stat.S_IMODE((store / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((store / name).parent.stat().st_mode) == 0o700


def test_a_stored_file_can_be_read_measured_listed_and_removed() -> None:
    name = keep_upload(upload(b"content"))

    assert read_stored(name) == b"content"
    assert stored_size(name) == 7
    assert [(entry.name, entry.size_bytes) for entry in iter_stored()] == [(name, 7)]
    remove_stored(name)
    remove_stored(name)
    assert list(iter_stored()) == []
    with pytest.raises(FileNotFoundError):
        open_stored(name)
    with pytest.raises(FileNotFoundError):
        stored_size(name)


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd"])
def test_a_name_outside_the_store_is_refused(name: str) -> None:
    with pytest.raises(SuspiciousFileOperation):
        open_stored(name)
    with pytest.raises(SuspiciousFileOperation):
        remove_stored(name)


def test_an_upload_can_be_kept_on_another_file_system(
    settings: Settings, small_disk: Path, spool: Path
) -> None:
    place_store(settings, small_disk / "store")

    name = keep_upload(upload(b"x" * 500_000))

    assert read_stored(name) == b"x" * 500_000
    assert files_below(spool) == []


@pytest.mark.parametrize("size_bytes", [2 * 1024 * 1024, 1024 * 1024])
def test_another_file_system_that_is_full_gets_no_part_of_a_file(
    settings: Settings, small_disk: Path, spool: Path, size_bytes: int
) -> None:
    # Of exactly 1 MiB only the end of the last chunk finds no room: a short write, not an error.
    (small_disk / "filler").write_bytes(b"x" * 10_000)
    place_store(settings, small_disk / "store")

    with pytest.raises(DiskFull):
        keep_upload(upload(b"x" * size_bytes))

    assert files_below(small_disk / "store") == []
    assert files_below(spool) == []


def test_a_result_gets_the_name_it_is_given(tmp_path: Path) -> None:
    (tmp_path / "made").write_bytes(b"result")

    assert keep_result(tmp_path / "made", "results/ab/abc") == "results/ab/abc"
    assert read_stored("results/ab/abc") == b"result"
    assert not (tmp_path / "made").exists()


def test_a_result_never_replaces_another(tmp_path: Path) -> None:
    names = []
    for content in (b"first", b"second"):
        (tmp_path / "made").write_bytes(content)
        names.append(keep_result(tmp_path / "made", "results/ab/abc"))

    assert names[0] == "results/ab/abc"
    assert [read_stored(name) for name in names] == [b"first", b"second"]
