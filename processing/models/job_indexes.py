"""The indexes of the jobs table: as few as an enqueue, a claim and an ending have to write.

SQLite uses a partial index only for a query that says its condition in the same words. So the
conditions stand here once, for the indexes and for the methods of JobQuerySet.
"""

from __future__ import annotations

from django.db.models import Index, Q

from processing.models.states import SYSTEM_CALLER

NOT_RUNNING = ~Q(state="running")
OF_A_PROCESSOR = ~Q(processor="")
OF_A_NAMED_CALLER = ~Q(caller="") & ~Q(caller=SYSTEM_CALLER)
#: Took more memory than it may: its last attempt, or one before it since when it runs alone.
OVER_LIMIT = Q(runs_alone=True) | Q(error_code="memory_limit_exceeded")
#: Its result is a file in the store.
WITH_STORED_RESULT = ~Q(result_name="")

INDEXES = (
    Index(name="job_claim", fields=["queue", "order_at", "run_after"], condition=Q(state="queued")),
    Index(name="job_lease", fields=["lease_expires_at"], condition=Q(state="running")),
    Index(name="job_newest", fields=["created_at", "id"]),
    Index(name="job_at_rest", fields=["state", "created_at"], condition=NOT_RUNNING),
    Index(name="job_of_processor", fields=["processor", "created_at"], condition=OF_A_PROCESSOR),
    Index(name="job_of_caller", fields=["caller", "created_at"], condition=OF_A_NAMED_CALLER),
    Index(
        name="job_over_limit",
        fields=["processor", "function", "run_after"],
        condition=OVER_LIMIT,
    ),
    Index(
        name="job_stored_result",
        fields=["result_bytes", "result_name"],
        condition=WITH_STORED_RESULT,
    ),
)
