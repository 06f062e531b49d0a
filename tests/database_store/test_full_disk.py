"""An SQLite database without room for more is a full disk, and what it has stays true."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core.files.base import ContentFile
from django.db import connection

from processing.database_store.storage import DatabaseStorage
from processing.errors import DiskFull
from processing.models import DatabaseFile
from processing.models.database_file import CHUNK_BYTES

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "sources/ab/abc"
ROOM_PAGES = 200
MOST_PAGES = 4_294_967_294


def run(pragma: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"PRAGMA {pragma}")
        return int(cursor.fetchone()[0])


@pytest.fixture
def narrow() -> Iterator[None]:
    """A database that may grow by 800 kB."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")  # pages of former tests are room too
    run(f"max_page_count = {run('page_count') + ROOM_PAGES}")
    yield
    run(f"max_page_count = {MOST_PAGES}")


def test_an_appender_keeps_what_found_room(narrow: None) -> None:
    store = DatabaseStorage()
    store.begin(NAME)
    appender = store.append(NAME, 0, is_provisional=False)
    with pytest.raises(DiskFull):
        appender.write(b"x" * 10 * CHUNK_BYTES)

    kept_bytes = appender.close()
    assert 0 < kept_bytes < 10 * CHUNK_BYTES
    assert store.measure(NAME) == kept_bytes
    assert store.open_stream(NAME).read() == b"x" * kept_bytes


def test_a_file_that_finds_no_room_leaves_nothing(narrow: None) -> None:
    with pytest.raises(DiskFull):
        DatabaseStorage().save(NAME, ContentFile(b"x" * 10 * CHUNK_BYTES))

    assert not DatabaseFile.objects.exists()
    assert DatabaseStorage().save(NAME, ContentFile(b"x" * CHUNK_BYTES)) == NAME
