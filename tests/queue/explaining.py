"""How the database would answer a statement."""

from __future__ import annotations

from typing import Any

from django.db import connection

from processing.queue.statements import make_statement


def explain(template: str, **parameters: Any) -> str:
    """The plan of a statement of the queue's, as if its tables were large; a line for each step."""
    prefix = "EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN "
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # an empty table would be read as a whole
            cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(prefix + make_statement(template, connection.vendor), parameters)
        return "\n".join(str(row) for row in cursor.fetchall())
