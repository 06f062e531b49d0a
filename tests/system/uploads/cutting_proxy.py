"""A TCP proxy that breaks connections at chosen places, and serves the test's own pages beside."""

from __future__ import annotations

import asyncio
import random
import socket
import struct
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field

CHUNK_BYTES = 64 * 1024
#: A connection on which nothing comes for so long is ended.
IDLE_SECONDS = 60.0
START_SECONDS = 10.0
MOST_CONNECTIONS = 100
PAGE_PREFIX = b"GET /page/"


@dataclass(eq=False)
class Route:
    """A client's connection, and the one to the server that belongs to it."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    is_cut: bool = False

    def reset(self) -> None:
        """Both sides get a reset."""
        self.is_cut = True
        reset(self.client)
        reset(self.server)

    def end(self) -> None:
        """Both sides hear a proper end."""
        self.is_cut = True
        self.client.close()
        self.server.close()

    def fall_silent(self) -> None:
        """The client gets a reset, and the server hears nothing more, not even an end."""
        self.is_cut = True
        reset(self.client)


CUTS = (Route.reset, Route.end, Route.fall_silent)


@dataclass(frozen=True, kw_only=True)
class Point:
    """What happens when the clients have sent so many bytes, over all connections."""

    at_bytes: int
    act: Callable[[Route], object]


@dataclass(frozen=True, kw_only=True)
class Page:
    """What the proxy itself answers with at a path below /page/."""

    content: bytes
    media_type: str = "text/html; charset=utf-8"


def choose_cuts(source: random.Random, size_bytes: int, count: int) -> list[Point]:
    """`count` cuts at random places of what a client sends of a file, of all kinds."""
    places = source.sample(range(size_bytes // 50, size_bytes), count)
    kinds = [CUTS[number % len(CUTS)] for number in range(count)]
    source.shuffle(kinds)
    return [Point(at_bytes=at, act=act) for at, act in zip(places, kinds, strict=True)]


@dataclass
class CuttingProxy:
    """A context manager: from entering to leaving it listens on `port`, in a thread of its own."""

    target_port: int
    points: list[Point] = field(default_factory=list)
    pages: Mapping[str, Page] = field(default_factory=dict)
    port: int = 0
    sent_bytes: int = 0
    cut_count: int = 0

    def __post_init__(self) -> None:
        self.points = sorted(self.points, key=lambda point: point.at_bytes)
        self._routes: set[Route] = set()
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> CuttingProxy:
        self._thread.start()
        assert self._is_up.wait(START_SECONDS)
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._loop.call_soon_threadsafe(self._is_over.set)
        self._thread.join(START_SECONDS)
        assert not self._thread.is_alive()

    async def _run(self) -> None:
        self._loop, self._is_over = asyncio.get_running_loop(), asyncio.Event()
        self._places = asyncio.Semaphore(MOST_CONNECTIONS)
        listening = await asyncio.start_server(self._serve, "127.0.0.1", 0, limit=CHUNK_BYTES)
        self.port = listening.sockets[0].getsockname()[1]
        self._is_up.set()
        await self._is_over.wait()
        listening.close()
        for route in self._routes:
            reset(route.client)
            reset(route.server)

    async def _serve(self, reader: asyncio.StreamReader, client: asyncio.StreamWriter) -> None:
        async with self._places:
            with suppress(OSError, TimeoutError):
                first = await read_chunk(reader)
                if first.startswith(PAGE_PREFIX):
                    await self._show_page(first, client)
                elif first:
                    await self._pass_on(first, reader, client)
            client.close()

    async def _show_page(self, request: bytes, client: asyncio.StreamWriter) -> None:
        page = self.pages.get(request.split(b" ")[1].decode())
        status = "200 OK" if page else "404 Not Found"
        page = page or Page(content=b"")
        head = f"HTTP/1.1 {status}\r\nContent-Type: {page.media_type}\r\nConnection: close\r\n"
        head += f"Content-Length: {len(page.content)}\r\n\r\n"
        client.write(head.encode() + page.content)
        await client.drain()

    async def _pass_on(
        self, first: bytes, reader: asyncio.StreamReader, client: asyncio.StreamWriter
    ) -> None:
        try:
            answers, server = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            return reset(client)
        route = Route(client, server)
        self._routes.add(route)
        returning = asyncio.create_task(self._return(answers, route))
        try:
            await self._send(first, reader, route)
            if not route.is_cut:
                await returning
        except OSError:
            if not route.is_cut:
                route.reset()
        finally:
            returning.cancel()

    async def _send(self, data: bytes, reader: asyncio.StreamReader, route: Route) -> None:
        while data:
            while self.points and self.points[0].at_bytes <= self.sent_bytes + len(data):
                point = self.points.pop(0)
                count_bytes = max(0, point.at_bytes - self.sent_bytes)
                try:
                    await self._write(data[:count_bytes], route)
                except OSError:  # the web was killed: this happens to another connection
                    self.points.insert(0, point)
                    raise
                data = data[count_bytes:]
                point.act(route)
                if route.is_cut:
                    self.cut_count += 1
                    return
            await self._write(data, route)
            data = await read_chunk(reader)
        route.server.write_eof()

    async def _write(self, data: bytes, route: Route) -> None:
        route.server.write(data)
        self.sent_bytes += len(data)
        await route.server.drain()

    async def _return(self, answers: asyncio.StreamReader, route: Route) -> None:
        try:
            while data := await read_chunk(answers):
                route.client.write(data)
                await route.client.drain()
            route.client.close()
        except (OSError, TimeoutError):
            reset(route.client)


async def read_chunk(reader: asyncio.StreamReader) -> bytes:
    return await asyncio.wait_for(reader.read(CHUNK_BYTES), IDLE_SECONDS)


def reset(writer: asyncio.StreamWriter) -> None:
    """End a connection at once, by a reset, unless it is ending."""
    if writer.is_closing():
        return
    connection: socket.socket = writer.get_extra_info("socket")
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
