"""A web that is killed and started again: on the same port, with the same folder and database."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.service import (
    DEFAULTS,
    START_SECONDS,
    WEB_COMMAND,
    Service,
    find_free_port,
    is_up,
    kill_process,
    make_environment,
    start_process,
    stop_process,
    wait_for,
)


class Web:
    """gunicorn on one port and in one folder, one process after the other."""

    def __init__(self, folder: Path, **given: str) -> None:
        self.port = find_free_port()
        own = {
            "UPLOAD_SPOOL_DIR": str(folder / "spool"),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
        }
        self.env = make_environment(**(DEFAULTS | own | given))
        self.folder = folder
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="web-starter")
        self._begin()

    @property
    def base_url(self) -> str:
        return self.service.base_url

    def client(self, token: str | None = None) -> httpx.Client:
        """A client that asks it directly."""
        return self.service.client(token)

    def kill(self) -> None:
        """SIGKILL to all of its processes at once; returns when they are gone."""
        kill_process(self.service.process)

    def start(self) -> None:
        """Start it again; returns when it answers."""
        self._begin()
        self.wait_until_up()

    def kill_and_start(self) -> Future[None]:
        """Kill it, and start it without waiting for that."""
        self.kill()
        return self._starter.submit(self.start)

    def wait_until_up(self) -> None:
        """Wait until it answers."""
        wait_for(lambda: is_up(self.service), START_SECONDS, "the web did not start")

    def stop(self) -> None:
        """End it in the way it is meant to be ended."""
        stop_process(self.service.process, self.folder / "web.log")

    def close(self) -> None:
        """End it in any case."""
        self._starter.shutdown()
        kill_process(self.service.process)

    def _begin(self) -> None:
        process = start_process(WEB_COMMAND, env=self.env, log=self.folder / "web.log")
        self.service = Service(process=process, folder=self.folder, port=self.port, env=self.env)


@contextmanager
def run_web(folder: Path, **given: str) -> Iterator[Web]:
    """A web that answers; the last of its processes ends well. `given` is its environment."""
    web = Web(folder, **given)
    try:
        web.wait_until_up()
        yield web
        web.stop()
    finally:
        web.close()
