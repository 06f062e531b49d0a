from __future__ import annotations

import asyncio
import subprocess
import sys
import threading

import pytest

from processing.uploads.disk import finish_on_disk_thread, on_disk_thread, start_on_disk_thread

WAIT_SECONDS = 10

FORK_AFTER_USE = """
import asyncio, os, signal
from processing.uploads.disk import on_disk_thread
asyncio.run(on_disk_thread(int))
child = os.fork()
if child == 0:
    signal.alarm(5)
    os._exit(asyncio.run(on_disk_thread(int, 7)))
raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_all_calls_share_one_named_thread() -> None:
    async def call_at_once() -> list[threading.Thread]:
        calls = [on_disk_thread(threading.current_thread) for _ in range(20)]
        return await asyncio.gather(*calls)

    threads = set(asyncio.run(call_at_once()))

    assert len(threads) == 1
    assert threads.pop().name.startswith("disk")


def test_errors_reach_the_caller() -> None:
    with pytest.raises(ZeroDivisionError):
        asyncio.run(on_disk_thread(divmod, 1, 0))


def test_cleaning_up_runs_after_a_write_whose_task_was_cancelled() -> None:
    gate, begun, order = threading.Event(), threading.Event(), []

    def write() -> None:
        begun.set()
        gate.wait(WAIT_SECONDS)
        order.append("write")

    async def cancel_and_clean() -> None:
        writing = asyncio.create_task(on_disk_thread(write))
        await asyncio.to_thread(begun.wait, WAIT_SECONDS)
        writing.cancel()
        cleaning = asyncio.create_task(finish_on_disk_thread(order.append, "clean"))
        await asyncio.wait([writing])
        gate.set()
        await cleaning

    asyncio.run(cancel_and_clean())

    assert order == ["write", "clean"]


def test_cleaning_up_is_done_even_if_its_task_is_cancelled() -> None:
    gate, cleaned = threading.Event(), []

    async def cancel_the_cleaning() -> None:
        start_on_disk_thread(gate.wait, WAIT_SECONDS)
        cleaning = asyncio.create_task(finish_on_disk_thread(cleaned.append, True))
        await asyncio.sleep(0)
        cleaning.cancel()
        await asyncio.wait([cleaning])
        assert cleaning.cancelled()
        gate.set()
        await on_disk_thread(int)

    asyncio.run(cancel_the_cleaning())

    assert cleaned == [True]


def test_a_forked_child_gets_a_thread_of_its_own() -> None:
    ended = subprocess.run([sys.executable, "-c", FORK_AFTER_USE], check=False, timeout=30)

    assert ended.returncode == 7
