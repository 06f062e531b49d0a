"""What the peers have in common: their servers, and a folder for what they keep."""

from __future__ import annotations

from bench.load_line.systems.peer import THREADS

SERVE = (
    *("-m", "gunicorn", "--bind", "127.0.0.1:{port}", "--workers", "1", "--log-level", "warning"),
    # Nobody waits any more for what is under way when it is stopped.
    *("--graceful-timeout", "2"),
)
#: The worker that Plimsoll's configuration has, set as it is there.
SERVE_ASGI = (*SERVE, "--worker-class", "asgi", "--asgi-loop", "asyncio", "--asgi-lifespan", "off")
SERVE_THREADS = (*SERVE, "--worker-class", "gthread", "--threads", str(THREADS))

#: `TMPDIR` is where uploads are kept while they come in.
ENVIRONMENT = {"BENCH_FOLDER": "{folder}", "PYTHONPATH": "{root}", "TMPDIR": "{folder}"}
