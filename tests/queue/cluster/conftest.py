"""A second connection to the database of the tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper


@pytest.fixture
def other(transactional_db: None) -> Iterator[BaseDatabaseWrapper]:
    """Another connection to the same database, in autocommit."""
    second = connection.copy()
    yield second
    second.close()
