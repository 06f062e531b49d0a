from __future__ import annotations

from contextlib import ExitStack

import pytest
from pytest_django import Settings

from processing.errors import UploadsBusy, UploadTooLarge
from processing.memory.sizes import UPLOAD_BYTES
from processing.uploads.admission import (
    FRAMING_MAX_BYTES,
    check_file_size,
    check_length,
    count_held_bytes,
    upload_seat,
)


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


def test_each_seat_holds_what_the_plan_counts_for_an_upload(settings: Settings) -> None:
    settings.UPLOAD_MAX_CONCURRENT = 2
    with upload_seat():
        assert count_held_bytes() == UPLOAD_BYTES
        with upload_seat():
            assert count_held_bytes() == 2 * UPLOAD_BYTES
    assert count_held_bytes() == 0
