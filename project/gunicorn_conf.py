"""gunicorn's configuration: its native asgi worker, loaded once and shared by fork."""

from __future__ import annotations

import gc
import math
import socket
import sys
from typing import Any

from django.core.exceptions import ImproperlyConfigured

try:
    from project import settings
except ImproperlyConfigured as error:
    sys.exit(f"Plimsoll cannot start: {error}")
if settings.WEB_PLAN.refusal:
    sys.exit(f"Plimsoll cannot start: {settings.WEB_PLAN.refusal}")

bind = [f"{settings.HOST}:{settings.PORT}"]
worker_class = "asgi"
# A process that is replaced stops accepting by what asyncio's own loop offers.
asgi_loop = "asyncio"
asgi_lifespan = "off"
workers = settings.WEB_CONCURRENCY
preload_app = True
# A worker that shows no sign of life for so long is stuck. It is also how long gunicorn waits for a
# piece of a body, so it must be longer than our own BODY_STALL_SECONDS.
timeout = 60
# After SIGTERM a worker gives its requests SHUTDOWN_GRACE_SECONDS, then cancels them; the master
# kills it later still, so that a cancelled upload gets to remove its file. Heroku kills after 30 s.
# https://devcenter.heroku.com/articles/dyno-shutdown-behavior
CANCEL_SECONDS = 5
graceful_timeout = math.ceil(settings.SHUTDOWN_GRACE_SECONDS) + CANCEL_SECONDS
keepalive = 95  # longer than the 90 s of Heroku's router
# A connection whose client takes nothing is broken after this long: just before the door gives the
# answer up (SEND_STALL_SECONDS), which gunicorn would log as a fault of the application.
UNREAD_SECONDS = 25
forwarded_allow_ips = "*" if settings.ON_HEROKU else "127.0.0.1,::1"
# The most that gunicorn allows: FANOUT_MAX_URLS urls of 150 characters fit a request line.
limit_request_line = 8190
control_socket_disable = True
accesslog = None
# The garbage collector looks at what is new when there are so many more objects than at its last
# look. With Python's 700 a fan-out's own objects have it look again and again, and cost 6 % more
# CPU. About every tenth look goes further back, and of those every third at everything: Python's
# every tenth would leave what is in a cycle for long.
GARBAGE_THRESHOLDS = (5_000, 10, 2)


def on_starting(server: Any) -> None:
    """Say what the memory is planned for."""
    server.log.info("memory: %s", settings.WEB_PLAN.describe())


def pre_fork(server: Any, worker: Any) -> None:
    """Give the new process its row of promises, and keep what was loaded out of the collector's
    way, so that forks go on sharing its pages."""
    from processing.uploads.promises import promises

    taken = [other.promise_row for other in server.WORKERS.values()]
    worker.promise_row = promises.find_free_row(taken)
    gc.collect()
    gc.freeze()


def post_worker_init(worker: Any) -> None:
    """Shorten this worker's patience with clients and with itself, and watch it for its stop."""
    from processing.memory.buffers import keep_buffers
    from processing.uploads.promises import promises
    from processing.web import replacement
    from processing.web.connection import use_connections
    from processing.web.draining import watch_worker
    from processing.web.memory_watch import watch

    # What asyncio has buffered for a client that stopped reading waits for ever, unless Linux
    # breaks the connection. macOS lacks the option.
    if hasattr(socket, "TCP_USER_TIMEOUT"):
        for listener in worker.sockets:  # what it accepts inherits the option
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, UNREAD_SECONDS * 1000)
    gc.set_threshold(*GARBAGE_THRESHOLDS)
    worker.cfg.set("graceful_timeout", math.ceil(settings.SHUTDOWN_GRACE_SECONDS))
    promises.use_row(worker.promise_row)
    use_connections()
    keep_buffers()
    watch_worker(worker)
    watch.begin(worker)
    replacement.announce()


def nworkers_changed(server: Any, new_value: int, old_value: int | None) -> None:
    """Let a process go that asked for one more, to take its place."""
    from processing.web import replacement

    replacement.grant(server, new_value, old_value)


def child_exit(server: Any, worker: Any) -> None:
    """Forget what its uploads have promised, and count one less where it was let go."""
    from processing.uploads.promises import promises
    from processing.web import replacement

    promises.clear_row(worker.promise_row)
    replacement.settle(server, worker)


def on_reload(server: Any) -> None:
    """Forget who was let go: the master has counted anew."""
    from processing.web import replacement

    replacement.forget(server)
