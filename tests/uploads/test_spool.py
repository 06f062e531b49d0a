from __future__ import annotations

import hashlib
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings

from processing.errors import DiskFull
from processing.uploads.spool import INCOMING, create_part, iter_spooled, remove_spooled
from tests.uploads.conftest import files_below


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_temp_files_are_for_their_owner_alone(spool: Path) -> None:
    part = create_part(INCOMING)

    assert part.path.parent == spool / "incoming"
    assert part.path.suffix == ".part"
    assert mode_of(part.path.parent) == 0o700
    assert mode_of(part.path) == 0o600
    part.close()


def test_what_is_written_is_counted_hashed_and_readable() -> None:
    part = create_part(INCOMING)
    part.write(b"one ")
    part.write(memoryview(b"two"))
    part.finish_writing()

    assert part.file.read() == b"one two"
    assert part.size_bytes == 7
    assert part.sha256 == hashlib.sha256(b"one two").hexdigest()
    part.close()


def test_closing_removes_the_file_and_may_be_repeated(spool: Path) -> None:
    part = create_part(INCOMING)
    part.close()
    part.close()

    assert files_below(spool) == []


def test_closing_leaves_a_file_that_was_moved_away(tmp_path: Path) -> None:
    part = create_part(INCOMING)
    part.write(b"kept")
    part.finish_writing()
    part.path.rename(tmp_path / "moved")
    part.close()

    assert (tmp_path / "moved").read_bytes() == b"kept"


def test_a_file_that_no_one_holds_is_removed(spool: Path) -> None:
    part = create_part(INCOMING)
    part.write(b"x" * 100_000)
    del part

    assert files_below(spool) == []


@pytest.mark.parametrize("chunk_bytes", [1000, 65_536])
def test_a_full_disk_leaves_nothing(settings: Settings, small_disk: Path, chunk_bytes: int) -> None:
    settings.UPLOAD_SPOOL_DIR = small_disk
    part = create_part(INCOMING)

    with pytest.raises(DiskFull):
        write_two_mib(part.write, chunk_bytes)

    assert files_below(small_disk) == []


def write_two_mib(write: Callable[[bytes], int], chunk_bytes: int) -> None:
    for _ in range(2 * 1024 * 1024 // chunk_bytes):
        write(b"x" * chunk_bytes)


def test_a_disk_that_is_full_at_the_last_flush_leaves_nothing(
    settings: Settings, small_disk: Path
) -> None:
    settings.UPLOAD_SPOOL_DIR = small_disk
    part = create_part(INCOMING)
    part.write(b"still in the buffer")
    fill(small_disk)

    with pytest.raises(DiskFull):
        part.finish_writing()

    assert files_below(small_disk / "incoming") == []


def fill(disk: Path) -> None:
    with pytest.raises(OSError, match="No space left"), (disk / "filler").open("wb") as filler:
        filler.write(b"x" * 2 * 1024 * 1024)


def test_left_overs_of_both_folders_are_found_and_can_be_removed(spool: Path) -> None:
    for name in ("incoming/a.part", "outgoing/b.part", "store/sources/c"):
        (spool / name).parent.mkdir(parents=True)
        (spool / name).write_bytes(b"12")

    found = list(iter_spooled())

    assert {(entry.name, entry.size_bytes) for entry in found} == {
        ("incoming/a.part", 2),
        ("outgoing/b.part", 2),
    }
    for entry in found:
        remove_spooled(entry.name)
        remove_spooled(entry.name)
    assert list(iter_spooled()) == []
