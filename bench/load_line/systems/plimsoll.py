"""Plimsoll: its own Procfile and its own defaults."""

from __future__ import annotations

from bench.load_line.ends import Ends, name_job, read_rows
from bench.load_line.place import Place
from bench.load_line.systems.system import System

FINAL_STATES = {"succeeded", "failed", "cancelled"}
JOBS_SQL = "SELECT id, state, error_code FROM processing_job WHERE processor LIKE 'load_%'"

#: What the settings ask for; nothing that bounds memory is among it.
SETTINGS = {
    "SECRET_KEY": "only-for-measuring-" + "x" * 40,
    "ALLOWED_HOSTS": "127.0.0.1",
    "API_ALLOW_ANONYMOUS": "1",
    "HOST": "127.0.0.1",
}


def read_ends(place: Place) -> Ends:
    """From the table of jobs."""
    final, waiting_count = {}, 0
    for job_id, state, code in read_rows(place.url, JOBS_SQL):
        if state in FINAL_STATES:
            final[name_job(job_id)] = f"{state} {code}".strip()
        else:
            waiting_count += 1
    return Ends(final=final, waiting_count=waiting_count)


PLIMSOLL = System(
    name="plimsoll",
    title="Plimsoll",
    package="",
    interpreter="project",
    formation=("web=1", "worker=1"),
    migrate=("manage.py", "migrate", "--noinput"),
    environment=SETTINGS
    | {
        "DJANGO_SETTINGS_MODULE": "project.settings",
        "DATABASE_URL": "{url}",
        "UPLOAD_SPOOL_DIR": "{folder}/spool",
        "PROCESSOR_MODULES": "bench.load_line.processors",
        "EXTERNAL_ALLOW_PRIVATE": "1",
        "EXTERNAL_ALLOWED_HOSTS": "127.0.0.1",
    },
    read_ends=read_ends,
)
