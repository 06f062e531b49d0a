"""Plimsoll alone: what is asked of its own parts when the queue is deep."""

from __future__ import annotations

import time
import uuid
from statistics import median

from django.contrib.auth import get_user_model
from django.contrib.auth import login as log_in
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.http import HttpRequest

from processing.models import Job
from processing.queue.claims import claim_jobs, release_claims

NEW_ID = {"sqlite": "LOWER(HEX(RANDOMBLOB(16)))", "postgresql": "GEN_RANDOM_UUID()"}
TIMES = {"created_at", "run_after", "order_at"}
OLDER = {
    "sqlite": "STRFTIME('%%Y-%%m-%%d %%H:%%M:%%f', {}, (-n / 100.0) || ' seconds')",
    "postgresql": "{} - n * INTERVAL '10 milliseconds'",
}
#: A claim as a cluster with two seats makes it, and how often it is made.
CLAIM_COUNT = 16
CLAIM_TIMES = 50
CLAIMANT = "bench"


def deepen(count: int) -> None:
    """Queue `count` copies of the newest job, each a hundredth of a second older than the last."""
    newest = Job.objects.order_by("-created_at")[0]
    columns = [str(field.column) for field in Job._meta.concrete_fields if not field.primary_key]
    copied = [OLDER[connection.vendor].format(name) if name in TIMES else name for name in columns]
    table = Job._meta.db_table
    statement = f"""
        WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < %s)
        INSERT INTO {table} (id, {", ".join(columns)})
        SELECT {NEW_ID[connection.vendor]}, {", ".join(copied)}
        FROM {table} CROSS JOIN numbers WHERE {table}.id = %s
    """  # noqa: S608  (names of our own columns)
    job_id = Job._meta.pk.get_db_prep_value(newest.pk, connection)
    with connection.cursor() as cursor:
        cursor.execute(statement, [count, job_id])


def time_claims() -> float:
    """The median of one claim, in milliseconds; each is put back before the next."""
    queue = Job.objects.order_by("-created_at")[0].queue
    taken = []
    for _ in range(CLAIM_TIMES):
        began = time.perf_counter()
        claims = claim_jobs(queue, claimant=CLAIMANT, count=CLAIM_COUNT)
        taken.append(time.perf_counter() - began)
        release_claims(claims, claimant=CLAIMANT)
    return median(taken) * 1000


def open_admin() -> str:
    """The session key of a superuser who is logged in."""
    user = get_user_model().objects.create_superuser(f"bench-{uuid.uuid4().hex[:8]}")
    request = HttpRequest()
    request.session = SessionStore()
    log_in(request, user, backend="django.contrib.auth.backends.ModelBackend")
    request.session.save()
    return str(request.session.session_key)
