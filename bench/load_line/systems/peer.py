"""What the peers have in common: a server with threads, and a Procfile that dyno is pointed to."""

from __future__ import annotations

from bench.load_line.systems.plimsoll import SETTINGS

#: Of gunicorn: enough for all the load's clients and whoever asks for the health, so that no
#: request waits for another one's thread.
THREADS = 48
SERVE = (
    "-m gunicorn --worker-class gthread --workers 1 --bind 127.0.0.1:$PORT "
    f"--threads {THREADS} --log-level warning"
)

#: For the dyno command, which reads the Procfile in the run's folder; `TMPDIR` is where uploads
#: are kept while they come in.
ENVIRONMENT = SETTINGS | {
    "DJANGO_SETTINGS_MODULE": "bench.load_line.sites.peer_dyno",
    "BENCH_FOLDER": "{folder}",
    "BENCH_STORE_URL": "{url}",
    "PYTHONPATH": "{root}",
    "TMPDIR": "{folder}",
}
