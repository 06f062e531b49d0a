"""The names of results in the store: each tells its job and its delivery."""

from __future__ import annotations

import re
from uuid import UUID

from processing.queue.claims import Delivery

# The store adds to a name that is taken.
RESULT_NAME = re.compile(r"results/../([0-9a-f]{32})-\d+\w*")


def make_result_name(delivery: Delivery) -> str:
    """Where the result of this delivery is stored."""
    job_id = delivery.job_id.hex
    return f"results/{job_id[:2]}/{job_id}-{delivery.number}"


def read_job_id(result_name: str) -> UUID | None:
    """The job whose result is stored under that name; None for the name of anything else."""
    match = RESULT_NAME.fullmatch(result_name)
    return UUID(match[1]) if match else None
