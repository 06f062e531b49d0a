"""Jobs on the queue of the tests, put there as every job is."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

from processing.models import Job
from processing.queue.enqueue import insert_job

QUEUE = "plimsoll"


def make_columns(**columns: Any) -> dict[str, Any]:
    """What `insert_job` takes for a job that nothing can unpack; `columns` override."""
    defaults = {
        "id": uuid4().hex,
        "queue": QUEUE,
        "name": "any",
        "function": "any.function",
        "package": "not a package",
        "package_bytes": 13,
        "max_attempts": 3,
    }
    return defaults | columns


def enqueue(**columns: Any) -> UUID:
    """Queue such a job; returns its id."""
    made = make_columns(**columns)
    insert_job(**made)
    return UUID(made["id"])


def read_state(job_id: UUID) -> str:
    """Where the job stands now."""
    return str(Job.objects.values_list("state", flat=True).get(pk=job_id))
