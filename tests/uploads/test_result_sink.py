from __future__ import annotations

import csv
import gzip
import hashlib
import io
from pathlib import Path

import pytest
from pytest_django import Settings

from processing.errors import DiskFull
from processing.uploads.store import ResultSink, open_stored
from tests.uploads.conftest import files_below

NAME = "results/ab/abc"


def read_result() -> bytes:
    with open_stored(NAME) as file:
        return file.read()


def test_a_committed_result_is_in_the_store_with_size_and_digest(spool: Path) -> None:
    with ResultSink() as sink:
        assert sink.write(b"one ") == 4
        sink.write(memoryview(b"two"))
        stored = sink.commit(NAME)

    assert stored is not None
    assert (stored.name, stored.size_bytes) == (NAME, 7)
    assert stored.sha256 == hashlib.sha256(b"one two").hexdigest()
    assert read_result() == b"one two"
    assert files_below(spool) == []


def test_a_sink_that_was_never_written_to_makes_no_file(spool: Path) -> None:
    with ResultSink() as sink:
        assert files_below(spool) == []
        assert sink.commit(NAME) is None


def test_an_empty_write_asks_for_an_empty_result() -> None:
    with ResultSink() as sink:
        sink.write(b"")
        stored = sink.commit(NAME)

    assert stored is not None
    assert stored.size_bytes == 0
    assert read_result() == b""


def test_an_error_leaves_nothing(spool: Path, store: Path) -> None:
    with pytest.raises(KeyError):
        write_and_fail()

    assert files_below(spool) == files_below(store) == []


def write_and_fail() -> None:
    with ResultSink() as sink:
        sink.write(b"half")
        raise KeyError


def test_leaving_without_a_commit_leaves_nothing(spool: Path, store: Path) -> None:
    with ResultSink() as sink:
        sink.write(b"half")

    assert files_below(spool) == files_below(store) == []


def test_text_written_through_a_wrapper_arrives_once_the_wrapper_is_gone() -> None:
    with ResultSink() as sink:
        text = io.TextIOWrapper(io.BufferedWriter(sink), "utf-8", newline="")
        csv.writer(text).writerow(["a", "ö"])
        del text
        sink.commit(NAME)

    assert read_result() == "a,ö\r\n".encode()


def test_gzip_can_write_to_it() -> None:
    with ResultSink() as sink:
        with gzip.GzipFile(fileobj=sink, mode="wb") as packed:
            packed.write(b"x" * 100_000)
        sink.commit(NAME)

    assert gzip.decompress(read_result()) == b"x" * 100_000


def test_nothing_can_be_written_after_the_commit() -> None:
    with ResultSink() as sink:
        sink.write(b"x")
        sink.commit(NAME)
        with pytest.raises(ValueError, match="closed"):
            sink.write(b"y")


def test_a_full_disk_is_told_and_leaves_nothing(settings: Settings, small_disk: Path) -> None:
    settings.UPLOAD_SPOOL_DIR = small_disk
    with pytest.raises(DiskFull):
        write_two_mib()

    assert files_below(small_disk) == []


def write_two_mib() -> None:
    with ResultSink() as sink:
        for _ in range(32):
            sink.write(b"x" * 65_536)


def test_a_result_whose_writing_failed_cannot_be_committed(
    settings: Settings, small_disk: Path
) -> None:
    settings.UPLOAD_SPOOL_DIR = small_disk
    with ResultSink() as sink:
        with pytest.raises(DiskFull):
            sink.write(b"x" * 2 * 1024 * 1024)
        with pytest.raises(FileNotFoundError):
            sink.commit(NAME)
