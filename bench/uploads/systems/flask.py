"""A plain Flask program on threads."""

from __future__ import annotations

from bench.uploads.systems.system import System
from bench.web.systems.peer import ENVIRONMENT, SERVE_THREADS

FLASK = System(
    name="flask",
    title="Flask {version}, gthread, SHA-256",
    package="Flask",
    interpreter="peers",
    command=(*SERVE_THREADS, "bench.uploads.sites.flask_app:app"),
    environment=ENVIRONMENT,
    hashes=True,
    keeps="file",
    measures=("multipart_one", "multipart_many", "stalled"),
)
