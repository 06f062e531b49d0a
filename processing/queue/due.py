"""What is due, without claiming it: for a claim that must choose."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from processing.memory.units import MIB
from processing.queue.statements import make_statement

#: So many of the first jobs in the queue's order are looked at: a long queue of jobs without room
#: must not be read as a whole for each claim.
LOOK_ROWS = 512
#: …and no more once their packages have so many bytes together: SQLite reads through a package to
#: what stands behind it, half a millisecond for each MiB. It is four times what is claimed at once.
LOOK_BYTES = 32 * MIB

LOOK = """
SELECT id, COALESCE(NULLIF(processor, ''), function), memory_limit_bytes, runs_alone, package_bytes
FROM {jobs}
WHERE state = 'queued' AND queue = %(queue)s AND run_after <= {now} AND order_at <= {farthest}
    AND NOT EXISTS (SELECT 1 FROM {pauses} WHERE {pauses}.queue = %(queue)s)
ORDER BY order_at LIMIT %(rows)s
"""


@dataclass(frozen=True, kw_only=True)
class Due:
    """A job that could be claimed now; see Claim for what its values mean."""

    job_id: UUID
    name: str
    memory_limit_bytes: int | None
    runs_alone: bool
    package_bytes: int


def look_at_due(queue: str) -> Generator[Due, None, None]:
    """The first due jobs of `queue`, in its order; a paused queue has none.

    They are LOOK_ROWS at most, and end with the one that reaches LOOK_BYTES. They are read as they
    are asked for. Raises django.db.Error.
    """
    with connection.cursor() as cursor:
        cursor.execute(make_statement(LOOK, connection.vendor), {"queue": queue, "rows": LOOK_ROWS})
        looked_at_bytes = 0
        for job_id, name, limit_bytes, runs_alone, package_bytes in cursor:
            yield Due(
                job_id=UUID(str(job_id)),
                name=name,
                memory_limit_bytes=limit_bytes,
                runs_alone=bool(runs_alone),
                package_bytes=package_bytes,
            )
            looked_at_bytes += package_bytes
            if looked_at_bytes >= LOOK_BYTES:
                return
