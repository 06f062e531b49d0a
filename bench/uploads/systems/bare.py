"""What is under all of it: a loop that writes the body to a file, and the sender's own speed."""

from __future__ import annotations

from dataclasses import replace

from bench.uploads.systems.system import System
from bench.web.systems.peer import ENVIRONMENT, SERVE_ASGI

SENDING = ("multipart_one", "multipart_many", "raw_one", "raw_many")

BARE = System(
    name="bare",
    title="a bare loop, asgi, no hash",
    command=(*SERVE_ASGI, "bench.uploads.sites.bare:application"),
    environment=ENVIRONMENT,
    hashes=False,
    keeps="body",
    measures=SENDING,
)
BARE_HASH = replace(
    BARE,
    name="bare_hash",
    title="a bare loop, asgi, SHA-256",
    environment={**BARE.environment, "BENCH_HASHES": "1"},
    hashes=True,
)
SINK = System(
    name="sink",
    title="reads only: the sender's speed",
    command=("-m", "bench.uploads.sink", "{port}"),
    environment=ENVIRONMENT,
    hashes=False,
    keeps="nothing",
    measures=SENDING,
)
