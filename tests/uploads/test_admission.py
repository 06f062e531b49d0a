from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
from pytest_django import Settings

from processing.errors import DiskFull, UploadsBusy, UploadTooLarge
from processing.uploads.admission import (
    FRAMING_MAX_BYTES,
    RECHECK_EVERY_BYTES,
    check_file_size,
    check_free_space,
    check_length,
    promise_space,
    upload_seat,
)

SetFreeBytes = Callable[[int], None]


@pytest.fixture
def set_free_bytes(monkeypatch: pytest.MonkeyPatch) -> SetFreeBytes:
    def set_them(free_bytes: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=free_bytes))

    return set_them


def test_a_process_has_so_many_seats_and_no_more(settings: Settings) -> None:
    settings.UPLOAD_MAX_CONCURRENT = 2
    with ExitStack() as seats:
        seats.enter_context(upload_seat())
        seats.enter_context(upload_seat())
        with pytest.raises(UploadsBusy) as refusal:
            seats.enter_context(upload_seat())
    assert "Retry-After" in refusal.value.headers


def test_a_seat_is_free_again_after_a_failure(settings: Settings) -> None:
    settings.UPLOAD_MAX_CONCURRENT = 1
    for _ in range(3):
        with pytest.raises(KeyError), upload_seat():
            raise KeyError


def test_a_length_is_refused_only_if_no_file_could_fit(settings: Settings) -> None:
    settings.UPLOAD_MAX_BYTES = 1000
    check_length(None)
    check_length(1000 + FRAMING_MAX_BYTES)
    with pytest.raises(UploadTooLarge, match="1000 bytes"):
        check_length(1001 + FRAMING_MAX_BYTES)


def test_a_file_may_be_as_large_as_the_limit(settings: Settings) -> None:
    settings.UPLOAD_MAX_BYTES = 1000
    check_file_size(1000)
    with pytest.raises(UploadTooLarge):
        check_file_size(1001)


def test_the_reserve_stays_free(settings: Settings, set_free_bytes: SetFreeBytes) -> None:
    settings.UPLOAD_MIN_FREE_BYTES = 300
    set_free_bytes(1000)
    check_free_space(700)
    with pytest.raises(DiskFull):
        check_free_space(701)


def test_what_running_uploads_have_yet_to_write_counts_as_taken(
    set_free_bytes: SetFreeBytes,
) -> None:
    set_free_bytes(1000)
    with promise_space(600) as promise:
        with pytest.raises(DiskFull):
            check_free_space(401)
        promise.record_written(100)
        check_free_space(500)
    check_free_space(1000)


def test_a_promise_that_finds_no_room_is_not_kept(set_free_bytes: SetFreeBytes) -> None:
    set_free_bytes(1000)
    with pytest.raises(DiskFull), promise_space(1001):
        pytest.fail("not to be reached")
    check_free_space(1000)


def test_a_chunked_upload_looks_at_the_disk_again_while_it_runs(
    settings: Settings, set_free_bytes: SetFreeBytes
) -> None:
    settings.UPLOAD_MIN_FREE_BYTES = 300
    set_free_bytes(1000)
    with promise_space(None) as promise:
        set_free_bytes(299)
        promise.record_written(RECHECK_EVERY_BYTES - 1)
        with pytest.raises(DiskFull):
            promise.record_written(1)


def test_a_promised_upload_keeps_its_room(settings: Settings, set_free_bytes: SetFreeBytes) -> None:
    set_free_bytes(4 * RECHECK_EVERY_BYTES)
    with promise_space(3 * RECHECK_EVERY_BYTES) as promise:
        set_free_bytes(0)
        for _ in range(3):
            promise.record_written(RECHECK_EVERY_BYTES)
    assert promise.owed_bytes == 0
