"""Which thread works on which store, and how it looks after its database connection."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest
from django.db import connection, connections
from pytest_django import Settings

from processing.uploads.disk import on_disk_thread
from processing.uploads.store_threads import (
    finish_on_store_thread,
    on_store_thread,
    remove_on_store_thread,
    start_on_store_thread,
)
from tests.uploads.remote_folder import RemoteFolder, WideFolder, put_away

WAIT_SECONDS = 10


def name_thread() -> str:
    return threading.current_thread().name


def test_a_folder_is_left_to_the_disk_thread(store: Path) -> None:
    assert asyncio.run(on_store_thread(name_thread)).startswith("disk")


def test_another_store_has_a_thread_of_its_own(settings: Settings, store: Path) -> None:
    async def call_at_once() -> list[str]:
        return await asyncio.gather(*(on_store_thread(name_thread) for _ in range(20)))

    put_away(settings, store, RemoteFolder)
    names = set(asyncio.run(call_at_once()))

    assert len(names) == 1
    assert names.pop().startswith("store")


def test_a_store_is_worked_on_by_as_many_threads_as_it_says(
    settings: Settings, store: Path
) -> None:
    """A barrier opens only when all of them are there."""
    barrier = threading.Barrier(WideFolder.thread_count)

    async def meet() -> set[int]:
        calls = [on_store_thread(barrier.wait, WAIT_SECONDS) for _ in range(barrier.parties)]
        return set(await asyncio.gather(*calls))

    put_away(settings, store, WideFolder)
    assert asyncio.run(meet()) == set(range(barrier.parties))


def test_a_long_removal_lets_others_have_the_thread(
    settings: Settings, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[str] = []

    def delete_some(folder: RemoteFolder, name: str) -> bool:
        events.append("step")
        return len(events) < 10

    async def remove_beside() -> None:
        removal = asyncio.create_task(remove_on_store_thread("sources/ab/abc"))
        await asyncio.sleep(0)  # its first step is asked for
        await on_store_thread(events.append, "other")
        await removal

    put_away(settings, store, RemoteFolder)
    monkeypatch.setattr(RemoteFolder, "delete_some", delete_some)
    asyncio.run(asyncio.wait_for(remove_beside(), WAIT_SECONDS))
    assert len(events) == 10
    assert events.index("other") < 5


def test_a_store_that_stalls_keeps_no_hashing_waiting(settings: Settings, store: Path) -> None:
    gate = threading.Event()

    async def hash_beside() -> str:
        stalled = start_on_store_thread(gate.wait, WAIT_SECONDS)
        try:
            async with asyncio.timeout(WAIT_SECONDS):
                return await on_disk_thread(name_thread)
        finally:
            gate.set()
            await stalled

    put_away(settings, store)
    assert asyncio.run(hash_beside()).startswith("disk")


def test_cleaning_up_is_done_even_if_its_task_is_cancelled(settings: Settings, store: Path) -> None:
    gate, cleaned = threading.Event(), []

    async def cancel_the_cleaning() -> None:
        start_on_store_thread(gate.wait, WAIT_SECONDS)
        cleaning = asyncio.create_task(finish_on_store_thread(cleaned.append, True))
        await asyncio.sleep(0)
        cleaning.cancel()
        await asyncio.wait([cleaning])
        gate.set()
        await on_store_thread(int)

    put_away(settings, store)
    asyncio.run(cancel_the_cleaning())
    assert cleaned == [True]


@pytest.mark.django_db(transaction=True)
def test_a_connection_is_kept_from_call_to_call(settings: Settings, store: Path) -> None:
    def find_connection() -> int:
        connection.ensure_connection()
        return id(connection.connection)

    async def find_twice() -> set[int]:
        try:
            return {await on_store_thread(find_connection) for _ in range(2)}
        finally:
            await on_store_thread(connections.close_all)

    put_away(settings, store)
    assert len(asyncio.run(find_twice())) == 1
