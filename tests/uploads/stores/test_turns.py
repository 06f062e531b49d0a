"""A large file on its way into the database keeps no other writer waiting for long."""

from __future__ import annotations

import time

import pytest

from processing.models import QueuePause
from tests.uploads.stores.conftest import Place
from tests.uploads.stores.test_crash import NAME, appending

pytestmark = pytest.mark.django_db(transaction=True)

WRITES = 100
#: Far below the 20 s after which a writer on SQLite gives up.
LONGEST_WAIT_SECONDS = 5.0


def test_other_writers_get_their_turn(database_place: Place) -> None:
    waits = []
    database_place.store.begin(NAME)
    with appending(database_place) as writer:
        assert writer.stdout is not None
        for _ in range(WRITES):
            assert writer.stdout.readline(), "it goes on writing"
            asked_at = time.monotonic()
            QueuePause.objects.update_or_create(queue="any", defaults={"paused_by": "someone"})
            waits.append(time.monotonic() - asked_at)

    assert database_place.store.measure(NAME) > 0
    assert max(waits) < LONGEST_WAIT_SECONDS
