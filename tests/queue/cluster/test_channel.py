"""Messages between the supervisor and a seat, on a real pair of sockets."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from threading import Thread
from typing import Any

import pytest

from processing.queue.cluster import channel as channel_module
from processing.queue.cluster.channel import (
    LENGTH,
    MESSAGE_MOST_BYTES,
    BrokenChannel,
    Channel,
    pack_message,
    read_message,
)

#: More than the sockets hold.
LARGE_CHARACTERS = 4 * 1024 * 1024


@pytest.fixture
def ends() -> Iterator[tuple[Channel, socket.socket]]:
    """The supervisor's end, and the seat's socket."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(20)
    with ours, theirs:
        yield Channel(ours), theirs


def receive(channel: Channel) -> list[dict[str, Any]]:
    return list(channel.receive())


def test_a_message_reaches_the_seat(ends: tuple[Channel, socket.socket]) -> None:
    channel, seat = ends
    channel.send([{"a": "\u00e4 \0 \udc80", "b": [1.5, None]}])
    assert read_message(seat) == {"a": "\u00e4 \0 \udc80", "b": [1.5, None]}


def test_several_messages_reach_the_seat_in_their_order(
    ends: tuple[Channel, socket.socket],
) -> None:
    channel, seat = ends
    channel.send([{"a": 1}, {"a": 2}])
    channel.send([{"a": 3}])
    assert [read_message(seat) for _ in range(3)] == [{"a": 1}, {"a": 2}, {"a": 3}]


def test_messages_are_sent_behind_what_still_waits_for_room(
    ends: tuple[Channel, socket.socket],
) -> None:
    channel, seat = ends
    messages = [{"a": str(number) * LARGE_CHARACTERS} for number in range(2)]
    channel.send(messages[:1])
    channel.send(messages[1:])
    read: list[Any] = []
    reader = Thread(target=lambda: read.extend(read_message(seat) for _ in range(2)))
    reader.start()
    while channel.has_more_to_send:
        channel.flush()
    reader.join(20)
    assert read == messages


def test_a_report_reaches_the_supervisor(ends: tuple[Channel, socket.socket]) -> None:
    channel, seat = ends
    assert receive(channel) == [], "it does not wait"
    seat.sendall(pack_message({"a": 1}))
    assert receive(channel) == [{"a": 1}]
    assert receive(channel) == []


def test_several_messages_in_one_read_are_told_apart(ends: tuple[Channel, socket.socket]) -> None:
    channel, seat = ends
    seat.sendall(b"".join(pack_message({"number": number}) for number in range(3)))
    assert receive(channel) == [{"number": number} for number in range(3)]


def test_a_message_that_comes_byte_by_byte_is_one(ends: tuple[Channel, socket.socket]) -> None:
    channel, seat = ends
    packed = pack_message({"a": 1})
    for index in range(len(packed) - 1):
        seat.sendall(packed[index : index + 1])
        assert receive(channel) == []
    seat.sendall(packed[-1:] + packed[:3])
    assert receive(channel) == [{"a": 1}]
    seat.sendall(packed[3:])
    assert receive(channel) == [{"a": 1}]


def test_a_message_larger_than_the_socket_holds_is_sent_as_it_is_read(
    ends: tuple[Channel, socket.socket],
) -> None:
    channel, seat = ends
    message = {"a": "x" * LARGE_CHARACTERS}
    channel.send([message])
    assert channel.has_more_to_send
    read: list[Any] = []
    reader = Thread(target=lambda: read.append(read_message(seat)))
    reader.start()
    while channel.has_more_to_send:
        channel.flush()
    reader.join(20)
    assert read == [message]


def test_a_report_larger_than_the_socket_holds_is_received_in_parts(
    ends: tuple[Channel, socket.socket],
) -> None:
    channel, seat = ends
    writer = Thread(target=seat.sendall, args=[pack_message({"a": "x" * LARGE_CHARACTERS})])
    writer.start()
    received: list[Any] = []
    while not received:
        received = receive(channel)
    writer.join(20)
    assert received == [{"a": "x" * LARGE_CHARACTERS}]


def test_the_end_of_a_seat_is_told_behind_what_it_had_said(
    ends: tuple[Channel, socket.socket],
) -> None:
    channel, seat = ends
    seat.sendall(pack_message({"a": 1}) + pack_message({"b": 2})[:-1])
    seat.close()
    received = []
    with pytest.raises(EOFError):  # noqa: PT012  (the end may come with what was said, or behind)
        for _ in range(2):
            for message in channel.receive():
                received.append(message)
    assert received == [{"a": 1}], "half a message is none"


def test_a_seat_that_is_reset_has_ended(ends: tuple[Channel, socket.socket]) -> None:
    channel, seat = ends
    channel.send([{"a": 1}])
    seat.close()  # with what it never read
    with pytest.raises(EOFError):
        receive(channel)


def test_sending_to_a_seat_that_is_gone_is_no_error(ends: tuple[Channel, socket.socket]) -> None:
    channel, seat = ends
    seat.close()
    channel.send([{"a": "x" * LARGE_CHARACTERS}])
    assert not channel.has_more_to_send


@pytest.mark.parametrize(
    "data",
    [
        LENGTH.pack(MESSAGE_MOST_BYTES + 1),
        b"HTTP/1.1 200 OK\r\n",
        LENGTH.pack(4) + b"oops",
        LENGTH.pack(2) + b"\xff\xfe",
        LENGTH.pack(2) + b"[]",
        LENGTH.pack(0),
    ],
)
def test_what_is_no_message_breaks_the_channel(
    ends: tuple[Channel, socket.socket], data: bytes
) -> None:
    channel, seat = ends
    seat.sendall(pack_message({"a": 1}) + data)
    received = []
    with pytest.raises(BrokenChannel):  # noqa: PT012  (what came before it is still received)
        for message in channel.receive():
            received.append(message)
    assert received == [{"a": 1}]


def test_no_more_is_held_than_one_message(
    ends: tuple[Channel, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    channel, seat = ends
    monkeypatch.setattr(channel_module, "MESSAGE_MOST_BYTES", 1000)
    monkeypatch.setattr(channel_module, "READ_BYTES", 100)
    packed = pack_message({"a": "x" * 400})
    count = 40
    seat.sendall(packed * count)
    received = receive(channel)
    assert 0 < len(received) * len(packed) <= 1000 + 100 + len(packed)
    while len(received) < count:
        received += receive(channel)


def test_a_message_that_is_too_long_is_refused_before_it_is_sent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(channel_module, "MESSAGE_MOST_BYTES", 8)
    assert pack_message({"a": 11}) == LENGTH.pack(8) + json.dumps({"a": 11}).encode().replace(
        b" ", b""
    )
    with pytest.raises(ValueError, match="A message of 9 bytes; the most is 8"):
        pack_message({"a": 111})


@pytest.mark.parametrize("sent", [b"", b"\0", pack_message({"a": 1})[:-1]])
def test_a_seat_reads_none_when_the_supervisor_is_gone(
    ends: tuple[Channel, socket.socket], sent: bytes
) -> None:
    channel, seat = ends
    channel.stream.setblocking(True)
    channel.stream.sendall(sent)
    channel.close()
    assert read_message(seat) is None
