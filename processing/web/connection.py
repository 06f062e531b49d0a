"""A connection: gunicorn's own, with small buffers, a bound on how long its head takes, and problem
documents for what it refuses itself."""

from __future__ import annotations

import asyncio
import functools
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from gunicorn.asgi import protocol
from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers import gasgi

from processing.web.chunk_joiner import ChunkJoiner
from processing.web.problems import TUS_STATUS, make_document

#: One read, by asyncio's own measure: a body of 1 GB costs half as much time again in smaller ones.
READ_MOST_BYTES = 256 * 1024
#: With many connections their reads share so much; at the least each has this. Half of a read may
#: wait for the application, then nothing more is read: the rest stays with the client.
READS_BYTES = 1024 * 1024
READ_LEAST_BYTES = 32 * 1024
#: What a piece that waits for the application takes beside its bytes: a body may come in reads of
#: one byte each.
PIECE_OVERHEAD_BYTES = 64
#: Reads of a head, and of a body in tiny chunks: each of those takes the parser some 10 µs, and
#: nobody else has a turn before a read is parsed. 16 KiB of the smallest are about 30 ms.
READ_TINY_BYTES = 16 * 1024
#: Chunks are tiny that have fewer bytes than this on average, with what is around them.
TINY_BYTES = 256
#: The first request's head must be there after this long, in seconds; gunicorn has no bound on it.
#: A later one has the `keepalive` of the configuration, from the answer before it on. Apache gives
#: 20 to 40 s. https://httpd.apache.org/docs/2.4/mod/mod_reqtimeout.html
HEAD_SECONDS = 30.0


class Connection(ASGIProtocol):
    """One connection of gunicorn's asgi worker."""

    def __init__(self, worker: Any) -> None:
        super().__init__(worker)  # type: ignore[no-untyped-call]
        self._giving_up: asyncio.TimerHandle | None = None
        self._joiner = ChunkJoiner(super()._on_body)
        self._read_bytes = READ_TINY_BYTES

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for the first request."""
        super().connection_made(transport)  # type: ignore[no-untyped-call]
        transport.max_size = READ_TINY_BYTES
        self._giving_up = self.worker.loop.call_later(HEAD_SECONDS, self._keepalive_timeout)

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer, and keep nothing: a refused body may not have been read."""
        self._wait_no_longer()
        task, self._task = self._task, None  # gunicorn would hold on to all of it for 3 s
        super().connection_lost(exc)  # type: ignore[no-untyped-call]
        if self._body_receiver is not None:
            self._body_receiver._chunks.clear()
        if self._awaiting_request and self._request_ready is not None:
            self._request_ready.set()  # the task ends by itself
        if task is not None:
            grace_seconds = self.cfg.asgi_disconnect_grace_period
            giving_up = self.worker.loop.call_later(grace_seconds, task.cancel)
            task.add_done_callback(functools.partial(self._let_go, giving_up))

    def _let_go(self, giving_up: asyncio.TimerHandle, _: asyncio.Task[None]) -> None:
        """Let go of the parts that refer back to it: they would stay, 12 KB and more of them, until
        the garbage collector has looked at everything there is. A request that is still ending
        uses the rest."""
        giving_up.cancel()
        transport: Any = self.transport
        if hasattr(transport, "_read_ready_cb"):  # a method of its own, by which it keeps itself
            transport._read_ready_cb = None
        self._callback_parser = self._body_receiver = None
        del self._joiner

    def data_received(self, data: bytes) -> None:
        """Parse one read, and say how large the next one may be."""
        super().data_received(data)  # type: ignore[no-untyped-call]
        self._joiner.flush()
        is_tiny = self._joiner.take_count() * TINY_BYTES > len(data)
        if self.transport is not None:
            self.transport.max_size = READ_TINY_BYTES if is_tiny else self._read_bytes

    def _on_body(self, chunk: bytes) -> None:
        self._joiner.add(chunk)

    def _on_message_complete(self) -> None:
        self._joiner.flush()
        super()._on_message_complete()  # type: ignore[no-untyped-call]

    def _http1_buffered(self) -> int:
        held_bytes: int = super()._http1_buffered()  # type: ignore[no-untyped-call]
        if self._body_receiver is not None:
            held_bytes += PIECE_OVERHEAD_BYTES * len(self._body_receiver._chunks)
        return held_bytes

    def _on_headers_complete(self) -> Any:
        self._wait_no_longer()
        # The last of them may be gone when its next request, sent along with the first, is parsed.
        share_bytes = READS_BYTES // max(self.worker.nr_conns, 1)
        read_bytes = min(max(share_bytes, READ_LEAST_BYTES), READ_MOST_BYTES)
        self._read_bytes, self._max_buffer_size = read_bytes, read_bytes // 2
        return super()._on_headers_complete()  # type: ignore[no-untyped-call]

    def _send_error_response(
        self, status: int, message: str, extra_headers: Iterable[tuple[str, str]] = ()
    ) -> None:
        body = make_document(status, message, "bad_request" if status < 500 else "internal_error")
        head = [
            f"HTTP/1.1 {status} {protocol._REASON_PHRASES[status]}",
            "Content-Type: application/problem+json",
            f"Content-Length: {len(body)}",
            *(f"{name}: {value}" for name, value in extra_headers),
            "Connection: close",
        ]
        answer = "\r\n".join([*head, "", ""]).encode("latin-1") + body
        self._safe_write(answer)  # type: ignore[no-untyped-call]

    def _wait_no_longer(self) -> None:
        if self._giving_up is not None:
            self._giving_up.cancel()
            self._giving_up = None


def use_connections() -> None:
    """Have gunicorn's asgi worker of this process make its connections of this kind.

    It takes the class by this name when it begins to listen, and offers no setting for it.
    """
    gasgi.ASGIProtocol = Connection  # type: ignore[attr-defined]
    phrases = {status.value: status.phrase for status in HTTPStatus}
    protocol._REASON_PHRASES.update({**phrases, **TUS_STATUS, **protocol._REASON_PHRASES})
