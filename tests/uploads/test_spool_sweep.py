"""Whoever receives uploads looks after the spool of its own machine."""

from __future__ import annotations

import asyncio
import os
import time
from pathlib import Path

import pytest

from processing.uploads import spool_sweep
from processing.uploads.spool_sweep import (
    SWEEP_EVERY_SECONDS,
    YOUNG_SECONDS,
    find_young_seconds,
    sweep_spool_if_due,
)
from processing.uploads.stores.s3.gathering import Gathering
from tests.uploads.bodies import file_part, form, receive_content


@pytest.fixture(autouse=True)
def due(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool_sweep, "_swept_at", float("-inf"))


def leave(spool: Path, name: str, age_seconds: float) -> Path:
    path = spool / "incoming" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"12345")
    moment = time.time() - age_seconds
    os.utime(path, (moment, moment))
    return path


def receive_something() -> None:
    assert asyncio.run(receive_content(form(file_part(b"content")))) == b"content"


def test_an_upload_removes_what_a_crash_left_here(spool: Path) -> None:
    old = leave(spool, "old.part", find_young_seconds() + 60)
    young = leave(spool, "young.part", YOUNG_SECONDS - 60)

    receive_something()

    assert not old.exists()
    assert young.exists()


def test_what_goes_to_a_bucket_bit_by_bit_does_so_too(spool: Path) -> None:
    old = leave(spool, "old.part", find_young_seconds() + 60)
    with Gathering():
        assert not old.exists()


def test_it_looks_again_after_an_hour(spool: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    receive_something()
    old = leave(spool, "old.part", find_young_seconds() + 60)
    receive_something()
    assert old.exists()

    monkeypatch.setattr(spool_sweep, "_swept_at", time.monotonic() - SWEEP_EVERY_SECONDS)
    receive_something()
    assert not old.exists()


def test_a_spool_that_cannot_be_swept_stops_no_upload(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(**options: object) -> None:
        raise PermissionError("not ours")

    monkeypatch.setattr(spool_sweep, "sweep_spool", fail)
    sweep_spool_if_due()
    assert "the spool was not swept: not ours" in caplog.text
