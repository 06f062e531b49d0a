from __future__ import annotations

import asyncio
import gc
import logging

import pytest

from processing.errors import UploadLocked
from processing.web.tus.shielded import finish


def test_work_goes_on_when_its_caller_is_cancelled() -> None:
    async def cancel_in_the_middle() -> list[str]:
        done: list[str] = []
        has_begun, may_end = asyncio.Event(), asyncio.Event()

        async def work() -> None:
            has_begun.set()
            await may_end.wait()
            done.append("all of it")

        calling = asyncio.create_task(finish(work()))
        await has_begun.wait()
        calling.cancel()
        await asyncio.wait({calling})
        assert calling.cancelled()
        gc.collect()  # nobody but us holds the work now
        may_end.set()
        for _ in range(5):
            await asyncio.sleep(0)
        return done

    assert asyncio.run(cancel_in_the_middle()) == ["all of it"]


@pytest.mark.parametrize(("error", "is_told"), [(UploadLocked(), False), (OSError("x"), True)])
def test_only_what_is_our_fault_is_logged_for_a_caller_that_left(
    caplog: pytest.LogCaptureFixture, error: Exception, is_told: bool
) -> None:
    async def fail_without_a_caller() -> None:
        may_end = asyncio.Event()

        async def work() -> None:
            await may_end.wait()
            raise error

        calling = asyncio.create_task(finish(work()))
        await asyncio.sleep(0)
        calling.cancel()
        await asyncio.wait({calling})
        may_end.set()
        for _ in range(5):
            await asyncio.sleep(0)

    with caplog.at_level(logging.ERROR):
        asyncio.run(fail_without_a_caller())
    assert bool(caplog.records) is is_told


def test_a_caller_that_waits_gets_what_comes_of_it() -> None:
    async def work() -> int:
        return 7

    async def fail() -> None:
        raise UploadLocked

    assert asyncio.run(finish(work())) == 7
    with pytest.raises(UploadLocked):
        asyncio.run(finish(fail()))
