"""Messages between the template and the supervisor, with sockets attached, on a real pair."""

from __future__ import annotations

import select
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any

import pytest

from processing.queue.cluster.control import SEAT_SOCKETS, Control

SEAT_COUNT = 100
WAIT_SECONDS = 20.0


@pytest.fixture
def ends() -> Iterator[tuple[Control, Control]]:
    ours, theirs = (Control(end) for end in socket.socketpair())
    yield ours, theirs
    ours.close()
    theirs.close()


def receive(control: Control, count: int) -> list[dict[str, Any]]:
    """The next messages, so many of them."""
    messages: list[dict[str, Any]] = []
    while len(messages) < count:
        assert select.select([control.stream], [], [], WAIT_SECONDS)[0], "messages are missing"
        messages += control.receive()
    return messages


def test_receiving_does_not_wait(ends: tuple[Control, Control]) -> None:
    template, supervisor = ends
    with ThreadPoolExecutor(1) as threads:
        received = threads.submit(template.receive)
        try:
            assert received.result(WAIT_SECONDS) == []
        finally:
            supervisor.close()


def test_messages_come_in_order_both_ways(ends: tuple[Control, Control]) -> None:
    template, supervisor = ends
    for index in range(3):
        template.send({"exit": index, "status": -9})
        supervisor.send({"fork": index})
    assert receive(supervisor, 3) == [{"exit": index, "status": -9} for index in range(3)]
    assert receive(template, 3) == [{"fork": index} for index in range(3)]


def test_a_message_that_comes_in_parts_is_one(ends: tuple[Control, Control]) -> None:
    template, supervisor = ends
    template.stream.sendall(b'{"stop"')
    assert supervisor.receive() == []
    template.stream.sendall(b': 1}\n{"st')
    assert supervisor.receive() == [{"stop": 1}]
    template.stream.sendall(b'op": 2}\n')
    assert supervisor.receive() == [{"stop": 2}]


def test_sockets_come_with_their_messages_in_order(ends: tuple[Control, Control]) -> None:
    template, supervisor = ends
    with ExitStack() as open_sockets:
        far_ends = []
        for index in range(SEAT_COUNT):
            pairs = [socket.socketpair() for _ in range(SEAT_SOCKETS)]
            far_ends.append([open_sockets.enter_context(far) for far, _ in pairs])
            attached = [near for _, near in pairs]
            template.send({"seat": index, "pid": 1000 + index}, attached)
            for near in attached:
                near.close()
            if index % 3 == 0:
                template.send({"exit": index, "status": 0})
        messages = receive(supervisor, SEAT_COUNT + len(range(0, SEAT_COUNT, 3)))
        seats = [message["seat"] for message in messages if "seat" in message]
        assert seats == list(range(SEAT_COUNT))
        for index in seats:
            for place, far in enumerate(far_ends[index]):
                stream = open_sockets.enter_context(supervisor.take_socket())
                stream.settimeout(WAIT_SECONDS)
                far.sendall(b"%d/%d" % (index, place))
                assert stream.recv(10) == b"%d/%d" % (index, place)


def test_messages_of_two_threads_do_not_mix(ends: tuple[Control, Control]) -> None:
    supervisor, template = ends
    count = 500
    with ThreadPoolExecutor(3) as threads:
        for name in ("main", "watch"):
            threads.submit(
                lambda name=name: [
                    supervisor.send({"signal": number, "pid": name}) for number in range(count)
                ]
            )
        messages = receive(template, 2 * count)
    for name in ("main", "watch"):
        own = [message["signal"] for message in messages if message["pid"] == name]
        assert own == list(range(count))


def test_the_death_of_the_other_side_is_told_behind_what_it_had_said(
    ends: tuple[Control, Control],
) -> None:
    template, supervisor = ends
    template.send({"stop": 1})
    template.close()
    assert supervisor.receive() == [{"stop": 1}]
    with pytest.raises(EOFError):
        supervisor.receive()


def test_sending_to_a_dead_process_is_no_error(ends: tuple[Control, Control]) -> None:
    template, supervisor = ends
    supervisor.close()
    far, attached = socket.socketpair()
    with far, attached:
        template.send({"seat": 1, "pid": 2}, [attached])
        template.send({"stop": 1})
    with pytest.raises(EOFError):
        template.receive()
