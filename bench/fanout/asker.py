"""What asks, in a process of its own: `python -m bench.fanout.asker`.

It reads a line of JSON, a Plan, has so many clients ask again and again until the time is up, and
prints a line of JSON with what came of it. It does as little as possible: one thread, one request
made beforehand, and of an answer no more than its beginning and its end is looked at.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from bench.fanout.answer import END_BYTES, START_BYTES, judge
from bench.fanout.plan import HOST, Plan
from bench.load_line.load.tally import Answer, Tally

BUFFER_BYTES = 1024 * 1024
#: When the time is up nothing new is asked; what is under way has so long to be answered, which is
#: the most that FANOUT_DEADLINE_SECONDS may be.
LAST_SECONDS = 25.0
#: A client that got no answer, or not the one that it asked for, waits so long.
FAILURE_WAIT_SECONDS = 0.1


@dataclass(kw_only=True, eq=False)
class Client:
    """What it has received of the present answer."""

    port: int
    connection: socket.socket | None = None
    began_at: float = 0.0
    begins_at: float = 0.0
    """When it asks again, while it has no connection."""

    received_bytes: int = 0
    start: bytes = b""
    end: bytes = b""


@dataclass(kw_only=True)
class Asker:
    """All clients, on one loop."""

    plan: Plan
    tally: Tally = field(default_factory=Tally)
    answered_at: float = 0.0
    """When the last accepted answer was there."""

    def run(self) -> dict[str, Any]:
        """What came of it."""
        self._request = self.plan.request.encode()
        self._buffer = memoryview(bytearray(BUFFER_BYTES))
        self._selector = selectors.DefaultSelector()
        ports = self.plan.ports
        self._idle = [
            Client(port=ports[number % len(ports)]) for number in range(self.plan.client_count)
        ]
        began_at, began_cpu = time.monotonic(), time.process_time()
        self._until = began_at + self.plan.seconds
        self._loop()
        for key in list(self._selector.get_map().values()):
            self._finish(key.data, f"no answer {LAST_SECONDS:g} s after the end")
        self._selector.close()
        return {
            "accepted_seconds": max(self.answered_at - began_at, 0.0),
            "seconds": time.monotonic() - began_at,
            "cpu_seconds": time.process_time() - began_cpu,
            **self.tally.as_json(),
        }

    def _loop(self) -> None:
        while True:
            now = time.monotonic()
            if now < self._until:
                self._begin(now)
            elif now > self._until + LAST_SECONDS or not self._selector.get_map():
                return
            for key, _ in self._selector.select(self._find_timeout()):
                self._read(key.data)

    def _find_timeout(self) -> float:
        """Until somebody begins, or the time is up."""
        now = time.monotonic()
        if now >= self._until:
            return max(0.0, self._until + LAST_SECONDS - now)
        begins = [client.begins_at for client in self._idle]
        return max(0.0, min([self._until, *begins]) - now)

    def _begin(self, now: float) -> None:
        """Have those ask whose time has come."""
        due = [client for client in self._idle if client.begins_at <= now]
        for client in due:
            self._idle.remove(client)
            try:
                client.connection = socket.create_connection((HOST, client.port))
                client.connection.setblocking(False)
                self._selector.register(client.connection, selectors.EVENT_READ, client)
                self._ask(client)
            except OSError as error:
                self._finish(client, type(error).__name__)

    def _ask(self, client: Client) -> None:
        assert client.connection is not None
        client.received_bytes, client.start, client.end = 0, b"", b""
        client.began_at = time.monotonic()
        client.connection.sendall(self._request)  # it fits into an empty buffer

    def _read(self, client: Client) -> None:
        assert client.connection is not None
        try:
            count = client.connection.recv_into(self._buffer)
        except OSError as error:
            self._finish(client, type(error).__name__)
            return
        client.received_bytes += count
        if count and len(client.start) < START_BYTES:
            client.start += self._buffer[: min(count, START_BYTES - len(client.start))]
        client.end = (client.end + self._buffer[max(0, count - END_BYTES) : count])[-END_BYTES:]
        if not count or client.received_bytes == self.plan.answer_bytes:
            self._finish(client)

    def _finish(self, client: Client, failure: str = "") -> None:
        """Note what came; then ask again at once, or when the client would."""
        now = time.monotonic()
        answer = (
            Answer(seconds=0.0, failure=failure)
            if failure
            else judge(
                client.start, client.received_bytes, client.end, self.plan, now - client.began_at
            )
        )
        self.tally.add(answer)
        is_accepted = not answer.failure and answer.retry_after_seconds is None
        if is_accepted:
            self.answered_at = now
            if self.plan.answer_bytes and now < self._until:
                self._ask(client)
                return
        self._disconnect(client)
        wait_seconds = FAILURE_WAIT_SECONDS if answer.failure else answer.retry_after_seconds or 0.0
        client.begins_at = now + wait_seconds
        self._idle.append(client)

    def _disconnect(self, client: Client) -> None:
        if client.connection is not None:
            if client.connection in self._selector.get_map():
                self._selector.unregister(client.connection)
            client.connection.close()
            client.connection = None


def main() -> None:
    plan = Plan(**json.loads(sys.stdin.readline()))
    print(json.dumps(Asker(plan=plan).run()), flush=True)


if __name__ == "__main__":
    main()
