"""Uploads that end before their body does leave nothing, at whatever moment that is."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from processing.errors import BodyStalled
from processing.uploads import handler
from processing.uploads.disk import on_disk_thread
from processing.uploads.handler import SpoolUploadHandler
from processing.uploads.multipart import receive_upload
from tests.uploads.bodies import CONTENT_TYPE, file_part, form, split
from tests.uploads.conftest import files_below

WAIT_SECONDS = 10


class ClientGone(Exception):
    pass


async def break_off(error: BaseException, chunks: list[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
    raise error


@pytest.mark.parametrize("error", [ClientGone(), BodyStalled(), asyncio.CancelledError()])
@pytest.mark.parametrize("sent_bytes", [0, 150, 100_000, 1_000_000])
def test_an_error_of_the_stream_is_passed_on_and_leaves_nothing(
    spool: Path, error: BaseException, sent_bytes: int
) -> None:
    sent = split(file_part(b"x" * 2_000_000)[:sent_bytes], 30_000)

    with pytest.raises(type(error)):
        asyncio.run(receive_upload(break_off(error, sent), CONTENT_TYPE, None))

    assert files_below(spool) == []


def test_a_client_that_leaves_after_the_file_leaves_nothing(spool: Path) -> None:
    whole_file = [form(file_part(b"x"))]

    with pytest.raises(ClientGone):
        asyncio.run(receive_upload(break_off(ClientGone(), whole_file), CONTENT_TYPE, None))

    assert files_below(spool) == []


async def stay_open(chunks: list[bytes], is_idle: asyncio.Event) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
    is_idle.set()
    await asyncio.Event().wait()


def test_a_cancelled_upload_leaves_nothing(spool: Path) -> None:
    async def cancel_while_reading() -> None:
        is_idle = asyncio.Event()
        body = stay_open(split(file_part(b"x" * 1_000_000), 30_000), is_idle)
        upload = asyncio.create_task(receive_upload(body, CONTENT_TYPE, None))
        await is_idle.wait()
        assert len(files_below(spool)) == 1
        upload.cancel()
        with pytest.raises(asyncio.CancelledError):
            await upload
        assert files_below(spool) == []

    asyncio.run(cancel_while_reading())


class Gate:
    """Holds a method of the handler back, on the disk thread, until it is opened."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> None:
        self.is_reached, self.is_open = threading.Event(), threading.Event()
        original = getattr(owner, name)

        def wait_and_call(*args: object) -> object:
            self.is_reached.set()
            assert self.is_open.wait(WAIT_SECONDS)
            return original(*args)

        monkeypatch.setattr(owner, name, wait_and_call)


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize(
    ("owner", "step"),
    [
        (handler, "create_part"),
        (SpoolUploadHandler, "receive_data_chunk"),
        (SpoolUploadHandler, "file_complete"),
    ],
)
def test_a_cancellation_in_the_middle_of_file_work_leaves_nothing(
    spool: Path, monkeypatch: pytest.MonkeyPatch, owner: object, step: str, times: int
) -> None:
    gate = Gate(monkeypatch, owner, step)

    async def cancel_at_the_gate() -> None:
        body = stay_open(split(form(file_part(b"x" * 300_000)), 70_000), asyncio.Event())
        upload = asyncio.create_task(receive_upload(body, CONTENT_TYPE, None))
        assert await asyncio.to_thread(gate.is_reached.wait, WAIT_SECONDS)
        for _ in range(times):
            upload.cancel()
            await asyncio.sleep(0)
        gate.is_open.set()
        await asyncio.wait([upload], timeout=WAIT_SECONDS)
        assert upload.cancelled()
        await on_disk_thread(int)

    asyncio.run(cancel_at_the_gate())

    assert files_below(spool) == []


def test_a_failed_write_that_no_one_waited_for_is_not_logged(
    spool: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    failed = threading.Event()

    def fail(*args: object) -> None:
        failed.set()
        raise OSError("the disk is broken")

    async def body() -> AsyncIterator[bytes]:
        yield file_part(b"x" * 100_000)
        await asyncio.to_thread(failed.wait, WAIT_SECONDS)
        await on_disk_thread(int)
        raise ClientGone

    monkeypatch.setattr(SpoolUploadHandler, "receive_data_chunk", fail)
    with pytest.raises(ClientGone):
        asyncio.run(receive_upload(body(), CONTENT_TYPE, None))

    gc.collect()
    assert caplog.records == []
    assert files_below(spool) == []
