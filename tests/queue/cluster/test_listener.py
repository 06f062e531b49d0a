"""Being woken by a descriptor, and left alone while nothing could be done about it."""

from __future__ import annotations

import os
import selectors
from collections.abc import Iterator

import psutil
import pytest

from processing.queue.cluster.listener import Listener


@pytest.fixture
def selector() -> Iterator[selectors.BaseSelector]:
    with selectors.DefaultSelector() as selector:
        yield selector


@pytest.fixture
def reader() -> Iterator[int]:
    """The reading end of a pipe with a byte in it; the test closes it."""
    reader, writer = os.pipe()
    os.write(writer, b"1")
    yield reader
    os.close(writer)


def test_it_wakes_only_while_somebody_waits(selector: selectors.BaseSelector, reader: int) -> None:
    answers: list[str] = []
    listener = Listener(selector, lambda: answers.append("woken"))
    listener.open(reader)
    assert not selector.select(0)
    for _ in range(2):
        listener.listen(is_waiting=True)
    [(key, _)] = selector.select(0)
    key.data()
    assert answers == ["woken"]
    listener.listen(is_waiting=False)
    assert not selector.select(0)
    listener.close()
    os.close(reader)


def test_a_number_that_the_driver_gave_up_is_free_for_others(
    selector: selectors.BaseSelector, reader: int
) -> None:
    listener = Listener(selector, lambda: None)
    listener.open(reader)
    listener.listen(is_waiting=True)
    os.close(reader)
    other, other_end = os.pipe()
    assert other == reader
    selector.register(other, selectors.EVENT_READ)
    listener.close()
    assert list(selector.get_map()) == [other]
    os.close(other)
    os.close(other_end)


def test_without_a_descriptor_there_is_nothing_to_listen_to(
    selector: selectors.BaseSelector,
) -> None:
    before = psutil.Process().num_fds()
    listener = Listener(selector, lambda: None)
    listener.open(None)
    listener.listen(is_waiting=True)
    listener.close()
    listener.close()
    assert not selector.get_map()
    assert psutil.Process().num_fds() == before
