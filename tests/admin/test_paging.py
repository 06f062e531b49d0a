"""Counting up to a bound, and saying so."""

from __future__ import annotations

import pytest
from django.test import Client

from processing.admin import paging
from processing.admin.paging import BoundedPaginator
from processing.models import Job
from tests.factories import make_job

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def low_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "COUNT_LIMIT", 4)


@pytest.mark.parametrize(
    ("rows", "count", "text"), [(3, 3, "3"), (4, 4, "4"), (7, 5, "more than 4")]
)
def test_rows_are_counted_up_to_the_limit(rows: int, count: int, text: str) -> None:
    for _ in range(rows):
        make_job()
    paginator = BoundedPaginator(Job.objects.newest_first(), 2)
    assert (paginator.count, str(paginator.count)) == (count, text)


def test_the_pages_go_as_far_as_the_count() -> None:
    for _ in range(7):
        make_job()
    paginator = BoundedPaginator(Job.objects.newest_first(), 2)
    assert paginator.num_pages == 3
    assert len(paginator.page(2).object_list) == 2


def test_the_page_says_that_there_are_more(operator: Client) -> None:
    for _ in range(5):
        make_job()
    text = " ".join(operator.get("/admin/processing/job/").content.decode().split())
    assert "more than 4 jobs" in text
    assert "5 jobs" not in text
    assert "All more than 4 selected" in text or "more than 4 results" in text
