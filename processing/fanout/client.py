"""The one HTTP client of an event loop: what it may hold, and what it never does."""

from __future__ import annotations

import asyncio
import functools
import ssl
from asyncio import sslproto
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx
from aiohttp.client_proto import ResponseHandler
from aiohttp.client_reqrep import ConnectionKey
from aiohttp.http_exceptions import HttpProcessingError
from django.conf import settings

from processing import __version__
from processing.fanout.addresses import open_socket
from processing.fanout.lookups import Resolver
from processing.fanout.slots import Slots

# The pool is wider than there are slots, so that nobody ever waits in it: a waiter that is
# cancelled there can take its connection along.
SPARE_CONNECTION_COUNT = 8
# aiohttp bounds the connections in use, not those kept alive: many hosts would eat all descriptors.
# So many one upstream may have in use, by default.
IDLE_CONNECTION_COUNT = 150
KEEPALIVE_SECONDS = 15.0
# A TCP handshake and a TLS handshake together; the lookup before them has its own.
CONNECT_TIMEOUT_SECONDS = 5.0
# Held unread for each connection; aiohttp pauses reading at twice this. asyncio reads up to 256 KiB
# at once, and over TLS has a buffer of that size for each connection from its beginning to its end.
READ_BUFFER_BYTES = 16_384
sslproto.SSLProtocol.max_size = READ_BUFFER_BYTES


@dataclass(frozen=True, kw_only=True)
class Client:
    """A loop's HTTP client and the slots (FANOUT_CONCURRENCY), of which one is held by each use."""

    session: aiohttp.ClientSession
    slots: Slots


class AnswerReader(ResponseHandler):
    """aiohttp's side of one connection, which tells a body's reader too that what came next is not
    HTTP: its own has the reader wait for ever."""

    def set_exception(self, exc: BaseException, *causes: BaseException) -> None:
        """Whoever waits for an answer, or for more of its body, gets the error."""
        body = self._payload
        super().set_exception(exc, *causes)
        if isinstance(exc, HttpProcessingError) and body is not None and not body.is_eof():
            body.set_exception(aiohttp.ClientError("the body is not valid HTTP"))


class BoundedConnector(aiohttp.TCPConnector):
    """A connector that keeps at most IDLE_CONNECTION_COUNT connections alive without use."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._factory = functools.partial(AnswerReader, loop=self._loop)  # type: ignore[assignment]

    async def _get(self, key: ConnectionKey, traces: list[aiohttp.tracing.Trace]) -> Any:
        """An idle connection; one where something came that nobody had asked for is closed."""
        while idle := await super()._get(key, traces):
            if idle.protocol is None or not idle.protocol.should_close:
                break
            idle.close()
        return idle

    def _release(
        self, key: ConnectionKey, protocol: ResponseHandler, *, should_close: bool = False
    ) -> None:
        idle_count = sum(len(connections) for connections in self._conns.values())
        is_full = idle_count >= IDLE_CONNECTION_COUNT
        super()._release(key, protocol, should_close=should_close or is_full)

    async def _wrap_create_connection(
        self, *args: Any, **kwargs: Any
    ) -> tuple[asyncio.Transport, ResponseHandler]:
        transport, protocol = await super()._wrap_create_connection(*args, **kwargs)
        if transport.get_extra_info("ssl_object") is None:
            transport.max_size = READ_BUFFER_BYTES  # type: ignore[attr-defined]
        else:
            transport.set_read_buffer_limits(READ_BUFFER_BYTES)  # type: ignore[attr-defined]
        return transport, protocol


#: Each loop's client, and the task that closes it.
_clients: dict[asyncio.AbstractEventLoop, tuple[Client, asyncio.Task[None]]] = {}


async def get_client() -> Client:
    """Return the running loop's client, made at first use.

    It is closed by `aclose_client`, or when all tasks are cancelled, which `asyncio.run` and
    gunicorn's asgi worker do at their end: a task holds it, because ASGI's lifespan cannot be
    relied on.
    """
    loop = asyncio.get_running_loop()
    if loop not in _clients:
        client = Client(session=_make_session(), slots=Slots(settings.FANOUT_CONCURRENCY))
        _clients[loop] = (client, asyncio.create_task(_hold_client(loop, client)))
    client, _ = _clients[loop]
    return client


async def aclose_client() -> None:
    """Close the running loop's client and its connections, if there is one."""
    _, holder = _clients.get(asyncio.get_running_loop(), (None, None))
    if holder is not None:
        await asyncio.sleep(0)  # a task that has not begun would be cancelled without closing it
        holder.cancel()
        await asyncio.wait({holder})


async def _hold_client(loop: asyncio.AbstractEventLoop, client: Client) -> None:
    try:
        await loop.create_future()  # nobody sets it
    finally:
        _clients.pop(loop, None)
        await client.session.close()


def _make_session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=BoundedConnector(
            ssl=_load_tls_context(),
            limit=settings.FANOUT_CONCURRENCY + SPARE_CONNECTION_COUNT,
            keepalive_timeout=KEEPALIVE_SECONDS,
            resolver=Resolver(),
            socket_factory=open_socket,
        ),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
        auto_decompress=False,
        read_bufsize=READ_BUFFER_BYTES,
        # The rest of a URL's time is kept by the fan-out, by one timer instead of three for each.
        timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT_SECONDS),
        headers={
            "User-Agent": f"Plimsoll/{__version__}",
            "Accept": "*/*",
            "Accept-Encoding": "gzip",
        },
    )


@functools.cache
def _load_tls_context() -> ssl.SSLContext:
    return httpx.create_ssl_context(trust_env=False)
