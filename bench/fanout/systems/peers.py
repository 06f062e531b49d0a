"""Fan-outs as people write them: each library as it comes."""

from __future__ import annotations

from bench.web.systems.peer import ENVIRONMENT, SERVE, SERVE_ASGI
from bench.web.systems.system import WebSystem

FLASK_THREADS = 16

FLASK = WebSystem(
    name="flask",
    title=f"Flask {{version}}, a session of aiohttp per URL, {FLASK_THREADS} threads",
    package="Flask",
    interpreter="peers",
    command=(
        *(*SERVE, "--worker-class", "gthread", "--threads", str(FLASK_THREADS)),
        "bench.fanout.sites.flask_app:app",
    ),
    environment=ENVIRONMENT,
)
HTTPX = WebSystem(
    name="httpx",
    title="httpx {version}, one client, asgi",
    package="httpx",
    command=(*SERVE_ASGI, "bench.fanout.sites.httpx_app:application"),
    environment=ENVIRONMENT,
)
AIOHTTP = WebSystem(
    name="aiohttp",
    title="aiohttp {version}, one session, asgi",
    package="aiohttp",
    command=(*SERVE_ASGI, "bench.fanout.sites.aiohttp_app:application"),
    environment=ENVIRONMENT,
)
