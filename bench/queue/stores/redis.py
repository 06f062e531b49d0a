"""Redis: one numbered database, which is flushed before and after each measurement.

The project does without a Redis client, so the few commands that are needed here are spoken by
hand: https://redis.io/docs/latest/develop/reference/protocol-spec/
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import Any
from urllib.parse import urlsplit

from bench.queue.stores.store import Kind, Store

ANSWER_SECONDS = 10.0
#: Keys looked at by one SCAN: few round trips, and no pause of the server that would be felt.
SCAN_COUNT = 2_000


class RedisStore(Store):
    def __init__(self, url: str) -> None:
        self.url = url

    def count(self, question: str) -> int:
        with open_redis(self.url) as ask:
            cursor, keys = b"0", set()
            while True:
                cursor, found = ask("SCAN", cursor.decode(), "MATCH", question, "COUNT", SCAN_COUNT)
                keys.update(found)
                if cursor == b"0":
                    return len(keys)


class Redis(Kind):
    """The database that `url` names. What is in it is lost."""

    name = "redis"
    title = "Redis"

    def __init__(self, url: str) -> None:
        self._url = url

    def find_obstacle(self) -> str | None:
        try:
            with open_redis(self._url) as ask:
                ask("PING")
        except (OSError, RuntimeError) as error:
            return f"no Redis at {urlsplit(self._url).netloc}: {error}"
        return None

    def describe(self) -> str:
        with open_redis(self._url) as ask:
            version = re.search(rb"redis_version:(\S+)", ask("INFO", "server"))
            safety = b" ".join(ask("CONFIG", "GET", "appendonly"))
        return f"Redis {version[1].decode() if version else ''} ({safety.decode()})"

    @contextmanager
    def lend(self, owner: str, prepare: Callable[[str], None]) -> Iterator[Store]:
        self._flush()
        try:
            prepare(self._url)
            yield RedisStore(self._url)
        finally:
            self._flush()

    def remove_all(self) -> None:
        """Nothing outlives a measurement."""

    def _flush(self) -> None:
        with open_redis(self._url) as ask:
            ask("FLUSHDB")


@contextmanager
def open_redis(url: str) -> Iterator[Callable[..., Any]]:
    """A function that sends a command's words and returns the answer.

    Raises RuntimeError with what Redis says against it.
    """
    place = urlsplit(url)
    address = (place.hostname or "127.0.0.1", place.port or 6379)
    with (
        closing(socket.create_connection(address, timeout=ANSWER_SECONDS)) as connection,
        connection.makefile("rwb") as stream,
    ):

        def ask(*words: str | int) -> Any:
            encoded = [str(word).encode() for word in words]
            stream.write(b"*%d\r\n" % len(encoded))
            for word in encoded:
                stream.write(b"$%d\r\n%b\r\n" % (len(word), word))
            stream.flush()
            return read_answer(stream)

        ask("SELECT", place.path.removeprefix("/") or "0")
        yield ask


def read_answer(stream: Any) -> Any:
    line = stream.readline().rstrip(b"\r\n")
    mark, rest = line[:1], line[1:]
    if mark == b"-":
        raise RuntimeError(rest.decode())
    if mark == b":":
        return int(rest)
    if mark == b"*":
        return [read_answer(stream) for _ in range(int(rest))]
    if mark == b"$":
        return stream.read(int(rest) + 2)[:-2] if int(rest) >= 0 else None
    if mark == b"+":
        return rest
    raise RuntimeError(f"not an answer of Redis: {line!r}")
