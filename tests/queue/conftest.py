"""What tests of the queue share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.queue.racer import Racer, run_racers


@pytest.fixture(scope="session")
def racers(django_db_setup: Any) -> Iterator[list[Racer]]:
    """Two processes on the test's database; for tests whose rows are committed."""
    with run_racers(2) as racers:
        yield racers
