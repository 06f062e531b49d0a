"""PostgreSQL as Django has it, but emptied by DELETE.

Behind each test that commits, Django truncates every table. That takes PostgreSQL half a second,
however little there is in them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.management.color import Style
from django.db.backends.postgresql import base, operations


class DatabaseOperations(operations.DatabaseOperations):
    def sql_flush(self, style: Style, tables: Sequence[str], **options: Any) -> list[str]:
        """In any order: what refers to a row is looked for when all of it is committed.

        Who asks for more than that (`manage.py flush` does) gets what Django has.
        """
        if any(options.values()):
            statements: list[str] = super().sql_flush(style, tables, **options)
            return statements
        return [f"DELETE FROM {self.quote_name(table)};" for table in tables]


class DatabaseWrapper(base.DatabaseWrapper):
    ops_class = DatabaseOperations
