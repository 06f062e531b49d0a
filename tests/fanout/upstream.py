"""A real HTTP server on this machine that answers each path as the test says, byte by byte."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from processing.fanout.fetch import fetch_all
from processing.fanout.fetched import Fetched
from processing.fanout.targets import parse_targets

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Routes = Mapping[str, Handler]


@dataclass(kw_only=True)
class Upstream:
    """What the server has seen. Heads are whole request heads, in the order they came."""

    base: str
    connection_count: int = 0
    open_count: int = 0
    heads: list[str] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"{self.base}{path}"


@asynccontextmanager
async def serve_upstream(
    routes: Routes, *, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncGenerator[Upstream, None]:
    upstream = Upstream(base="")
    connections: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        connections.add(task)
        upstream.connection_count += 1
        upstream.open_count += 1
        try:
            await _answer_requests(upstream, routes, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            upstream.open_count -= 1
            connections.discard(task)
            writer.transport.abort()

    server = await asyncio.start_server(serve, host, 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    upstream.base = f"{'https' if tls else 'http'}://{host}:{port}"
    try:
        yield upstream
    finally:
        server.close()
        for task in connections:
            task.cancel()
        await asyncio.gather(*connections, return_exceptions=True)


async def _answer_requests(
    upstream: Upstream, routes: Routes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    while not writer.is_closing():
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        upstream.heads.append(head)
        path = head.split(" ")[1]
        await routes[path](reader, writer)
        await writer.drain()


def reply(body: bytes = b"", *, status: int = 200, **headers: str) -> Handler:
    """Answer with a whole response; header names have _ for -."""
    lines = [f"HTTP/1.1 {status} Status", f"Content-Length: {len(body)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return send("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def send(data: bytes, *, then_close: bool = False) -> Handler:
    """Write `data` as it is, and close the connection if asked."""

    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await writer.drain()
        if then_close:
            writer.close()

    return handle


def pour(beginning: bytes, endlessly: bytes) -> Handler:
    """Write `beginning` and then the other again and again, as fast as it is read."""

    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(beginning)
        while True:
            writer.write(endlessly)
            await writer.drain()

    return handle


def drip(data: bytes) -> Handler:
    """Write a byte at a time, never silent for long."""

    async def handle(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in data:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.02)

    return handle


async def reset(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Reset the connection in the middle of a body."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc")
    await writer.drain()
    linger_zero = b"\x01\x00\x00\x00\x00\x00\x00\x00"
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_zero)
    writer.transport.abort()


async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Never answer, until the other side leaves."""
    await reader.read()
    writer.close()


def fetch_from(routes: Routes, *paths: str, deadline_seconds: float | None = None) -> list[Fetched]:
    """Serve `routes`, fetch `paths` from there, all in a loop of their own."""

    async def run() -> list[Fetched]:
        async with serve_upstream(routes) as upstream:
            targets = parse_targets([upstream.url(path) for path in paths])
            return await fetch_all(targets, deadline_seconds=deadline_seconds)

    return asyncio.run(run())


async def wait_until(condition: Callable[[], bool], *, seconds: float = 5.0) -> None:
    """Wait for `condition`; TimeoutError if it does not come true."""
    async with asyncio.timeout(seconds):
        while not condition():  # noqa: ASYNC110 (counts and descriptors have no event)
            await asyncio.sleep(0.005)
