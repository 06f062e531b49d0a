"""What becomes of a connection when its client has gone."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from gunicorn.config import Config
from gunicorn.glogging import Logger

from processing.web.connection import Connection
from tests.collector import no_collector
from tests.fanout.upstream import wait_until

REQUEST = b"GET / HTTP/1.1\r\nHost: testserver\r\n\r\n"


def make_worker(serve: Callable[..., Any]) -> Any:
    """The part of gunicorn's worker that a connection uses; it cancels at once, not after 3 s."""
    cfg = Config()
    cfg.set("asgi_disconnect_grace_period", 0)
    loop = asyncio.get_running_loop()
    counts = {"nr_conns": 0, "nr": 0, "max_requests": 1_000}
    return SimpleNamespace(cfg=cfg, log=Logger(cfg), asgi=serve, loop=loop, alive=True, **counts)


def test_a_request_that_takes_its_time_to_end_ends_well_and_nothing_is_left() -> None:
    log: list[str] = []
    made: list[weakref.ref[Connection]] = []

    async def serve(*_: object) -> None:
        log.append("begun")
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.1)
            log.append("ended")

    async def run() -> None:
        loop = asyncio.get_running_loop()
        loop.set_exception_handler(lambda _, context: log.append(str(context)))
        worker = make_worker(serve)

        def make() -> Connection:
            connection = Connection(worker)
            made.append(weakref.ref(connection))
            return connection

        async with await loop.create_server(make, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(REQUEST)
            await wait_until(lambda: log == ["begun"])
            writer.transport.abort()
            await wait_until(lambda: len(log) > 1)
            await wait_until(lambda: not [each for each in made if each()])
            assert (log, worker.nr_conns) == (["begun", "ended"], 0)

    with no_collector():
        asyncio.run(run())
