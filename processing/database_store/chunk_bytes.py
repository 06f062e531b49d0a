"""The bytes of chunks on their way into the database and out of it, as they are.

Django's own cursor on PostgreSQL makes hexadecimal text of them within the statement, which takes
four times as long and several times the memory.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

from processing.models import DatabaseChunk

TABLE = DatabaseChunk._meta.db_table
INSERT = f"INSERT INTO {TABLE} (file_id, start, data) VALUES (%s, %s, %s)"  # noqa: S608
READ = f"""
SELECT SUBSTR(data, CAST(%s - start + 1 AS INTEGER), %s) FROM {TABLE}
WHERE file_id = %s AND start <= %s ORDER BY start DESC LIMIT 1
"""  # noqa: S608


def insert_chunk(file_id: int, start: int, data: bytes) -> None:
    """Write a chunk. Raises django.db.Error."""
    with _open_cursor() as cursor:
        cursor.execute(INSERT, [file_id, start, data])


def read_chunk(file_id: int, position: int, most_bytes: int) -> bytes:
    """What a chunk has from a position in the file on; empty where none has that.

    Raises django.db.Error.
    """
    with _open_cursor() as cursor:
        cursor.execute(READ, [position, most_bytes, file_id, position])
        row = cursor.fetchone()
    return bytes(row[0]) if row else b""


@contextmanager
def _open_cursor() -> Iterator[Any]:
    if connection.vendor != "postgresql":
        with connection.cursor() as cursor:
            yield cursor
        return
    from psycopg import Cursor
    from psycopg.pq import Format

    connection.ensure_connection()
    with connection.wrap_database_errors, Cursor(connection.connection) as cursor:
        cursor.format = Format.BINARY
        yield cursor
