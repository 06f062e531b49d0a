"""Memory samples on their way into the database."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.db import DataError, InterfaceError, OperationalError
from pytest_django import DjangoAssertNumQueries

from processing.models import MemorySample
from processing.queue.memory_samples import BATCH_ROWS, MOST_UNWRITTEN, UnwrittenSamples
from tests.factories import make_unwritten_sample

pytestmark = pytest.mark.django_db


@pytest.fixture
def samples() -> UnwrittenSamples:
    """Three that wait."""
    samples = UnwrittenSamples()
    for pid in (1, 2, 3):
        samples.add(make_unwritten_sample(pid=pid))
    return samples


def read_pids() -> list[int]:
    return list(MemorySample.objects.order_by("id").values_list("pid", flat=True))


def fail_with(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def refuse(*arguments: Any, **options: Any) -> None:
        raise error

    monkeypatch.setattr("django.db.models.query.QuerySet.bulk_create", refuse)


def test_all_that_wait_are_written_in_one_statement(
    samples: UnwrittenSamples, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        samples.write()
    assert read_pids() == [1, 2, 3]
    assert len(samples) == 0
    samples.write()
    assert read_pids() == [1, 2, 3]


@pytest.mark.parametrize("error", [OperationalError("away"), InterfaceError("closed")])
def test_while_the_database_is_away_they_wait_on_in_their_order(
    samples: UnwrittenSamples, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        fail_with(broken, error)
        with pytest.raises(type(error)):
            samples.write()
    assert len(samples) == 3
    samples.add(make_unwritten_sample(pid=4))
    samples.write()
    assert read_pids() == [1, 2, 3, 4]


def test_what_the_database_refuses_does_not_stop_the_queue(
    samples: UnwrittenSamples,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    fail_with(monkeypatch, DataError("too long"))
    with caplog.at_level(logging.ERROR):
        samples.write()
    assert "3 memory samples could not be kept" in caplog.text
    assert len(samples) == 0


def test_of_too_many_the_newest_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = UnwrittenSamples()
    for pid in range(MOST_UNWRITTEN + 5):
        samples.add(make_unwritten_sample(pid=pid))
    with monkeypatch.context() as broken:
        fail_with(broken, OperationalError("away"))
        with pytest.raises(OperationalError):
            samples.write()
    samples.add(make_unwritten_sample(pid=MOST_UNWRITTEN + 5))
    samples.write()
    assert read_pids() == list(range(6, MOST_UNWRITTEN + 6))


def test_samples_that_came_while_others_were_refused_go_before_the_oldest(
    samples: UnwrittenSamples, monkeypatch: pytest.MonkeyPatch
) -> None:
    def come_meanwhile(*arguments: Any, **options: Any) -> None:
        for pid in range(100, 100 + MOST_UNWRITTEN - 1):
            samples.add(make_unwritten_sample(pid=pid))
        raise OperationalError("away")

    with monkeypatch.context() as broken:
        broken.setattr("django.db.models.query.QuerySet.bulk_create", come_meanwhile)
        with pytest.raises(OperationalError):
            samples.write()
    samples.write()
    assert read_pids()[:2] == [3, 100]
    assert len(read_pids()) == MOST_UNWRITTEN


def test_many_are_written_in_statements_that_every_database_takes(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    samples = UnwrittenSamples()
    for pid in range(BATCH_ROWS + 1):
        samples.add(make_unwritten_sample(pid=pid))
    with django_assert_num_queries(2):
        samples.write()
    assert len(read_pids()) == BATCH_ROWS + 1
