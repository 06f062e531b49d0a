"""A Django project with stock django-q2: plain views, its ORM broker and its cluster."""

from __future__ import annotations

import pickle
from base64 import b64decode

from bench.load_line.ends import Ends, read_rows
from bench.load_line.kinds import OVER_LIMIT, SUCCEEDED
from bench.load_line.place import Place
from bench.load_line.systems.peer import ENVIRONMENT, SERVE
from bench.load_line.systems.system import System

TASKS_SQL = "SELECT id, success, result FROM django_q_task WHERE func LIKE 'bench.load_line.%'"
QUEUE_SQL = "SELECT COUNT(*) FROM django_q_ormq"
DJANGO = "env DJANGO_SETTINGS_MODULE=bench.load_line.sites.stock {python}"


def read_ends(place: Place) -> Ends:
    """From the table of results; what has none is on the queue, with the tasks that have failed."""
    final = {
        task_id: SUCCEEDED if success else describe_failure(result)
        for task_id, success, result in read_rows(place.url, TASKS_SQL)
    }
    failed_count = sum(end != SUCCEEDED for end in final.values())
    [(queued_count,)] = read_rows(place.url, QUEUE_SQL)
    return Ends(final=final, waiting_count=max(0, queued_count - failed_count))


def describe_failure(stored: str) -> str:
    """A failed task's result is its traceback, pickled. A MemoryError counts as the right code."""
    text = str(pickle.loads(b64decode(stored)))  # noqa: S301  (what our own worker wrote)
    return OVER_LIMIT if "MemoryError" in text else "failed task_error"


STOCK = System(
    name="stock",
    title="Django, stock django-q2 {version}",
    package="django-q2",
    interpreter="project",
    formation=("web=1", "worker=1"),
    procfile={
        "web": f"{DJANGO} {SERVE} 'django.core.wsgi:get_wsgi_application()'",
        "worker": f"{DJANGO} -m django qcluster",
    },
    migrate=("-m", "django", "migrate", "--noinput", "--settings", "bench.load_line.sites.stock"),
    environment=ENVIRONMENT,
    read_ends=read_ends,
)
