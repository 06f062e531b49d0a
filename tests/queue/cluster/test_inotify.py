"""Watching a folder, with real files."""

from __future__ import annotations

import errno
import select
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from processing.queue.cluster import inotify
from processing.queue.cluster.inotify import ANY_FILE, EVENT, READ_BYTES, FolderWatch

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="inotify is Linux's")


@pytest.fixture
def watch(tmp_path: Path) -> Iterator[FolderWatch]:
    with closing(FolderWatch(str(tmp_path))) as watch:
        yield watch


def is_readable(watch: FolderWatch) -> bool:
    return bool(select.select([watch.fileno()], [], [], 0)[0])


def test_files_that_are_made_written_or_moved_there_are_named(
    watch: FolderWatch, tmp_path: Path
) -> None:
    (tmp_path / "made").touch()
    assert watch.read_names() == {"made"}
    with (tmp_path / "made").open("w") as file:
        file.write("written")
    (tmp_path / "made").rename(tmp_path / "zeichen-ä")
    assert is_readable(watch)
    assert watch.read_names() == {"made", "zeichen-ä"}


def test_nothing_is_read_where_nothing_happened(watch: FolderWatch, tmp_path: Path) -> None:
    assert not is_readable(watch)
    assert watch.read_names() == set()
    (tmp_path / "made").touch()
    watch.read_names()
    (tmp_path / "made").read_text()
    (tmp_path / "made").unlink()
    assert watch.read_names() == set()


def test_a_read_is_bounded_and_what_is_left_is_read_next(
    watch: FolderWatch, tmp_path: Path
) -> None:
    names = {f"{number:0100}" for number in range(300)}  # 128 bytes of event each
    for name in names:
        (tmp_path / name).touch()
    read = watch.read_names()
    assert 0 < len(read) <= READ_BYTES // 128
    assert is_readable(watch)
    for _ in range(300 * 128 // READ_BYTES):
        read |= watch.read_names()
    assert read == names


def test_an_overflow_stands_for_any_file(
    watch: FolderWatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    overflow = EVENT.pack(-1, 0x4000, 0, 0)
    monkeypatch.setattr(inotify.os, "read", lambda fd, size: overflow)
    assert watch.read_names() == {ANY_FILE}


def test_a_folder_that_is_not_there_is_an_error_and_leaves_no_descriptor(tmp_path: Path) -> None:
    before = psutil.Process().num_fds()
    with pytest.raises(FileNotFoundError):
        FolderWatch(str(tmp_path / "nowhere"))
    assert psutil.Process().num_fds() == before


def test_another_system_has_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inotify, "_libc", None)
    with pytest.raises(OSError, match="no inotify") as error:
        FolderWatch(str(tmp_path))
    assert error.value.errno == errno.ENOSYS
