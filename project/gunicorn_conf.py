"""gunicorn's configuration: its native asgi worker, loaded once and shared by fork."""

from __future__ import annotations

import gc
import sys
from typing import Any

from django.core.exceptions import ImproperlyConfigured

try:
    from project import settings
except ImproperlyConfigured as error:
    sys.exit(f"Plimsoll cannot start: {error}")

bind = [f"{settings.HOST}:{settings.PORT}"]
worker_class = "asgi"
asgi_lifespan = "off"
workers = settings.WEB_CONCURRENCY
preload_app = True
# A worker that shows no sign of life for so long is stuck. It is also how long gunicorn waits for a
# piece of a body, so it must be longer than our own BODY_STALL_SECONDS.
timeout = 60
# Heroku kills 30 s after SIGTERM and its router keeps connections up to 90 s.
# https://devcenter.heroku.com/articles/dyno-shutdown-behavior
graceful_timeout = int(settings.SHUTDOWN_GRACE_SECONDS)
keepalive = 95
forwarded_allow_ips = "*" if settings.ON_HEROKU else "127.0.0.1,::1"
# The most that gunicorn allows: FANOUT_MAX_URLS urls of 150 characters fit a request line.
limit_request_line = 8190
control_socket_disable = True
accesslog = None


def pre_fork(server: Any, worker: Any) -> None:
    """Keep what was loaded out of the collector's way, so that forks go on sharing its pages."""
    gc.collect()
    gc.freeze()


def post_worker_init(worker: Any) -> None:
    """Tell the application when this worker begins to stop."""
    from processing.web.draining import watch_worker

    watch_worker(worker)
