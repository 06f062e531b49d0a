"""The indexes of resumable uploads: what is asked often is found without reading them all."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.utils import timezone
from pytest_django import DjangoDbBlocker

from processing.models import ResumableUpload
from processing.models.resumable_upload_query import ResumableUploadQuerySet
from tests.factories import make_job, make_resumable

pytestmark = pytest.mark.django_db

#: So many that PostgreSQL prefers an index to reading the table.
MANY = 3000


@pytest.fixture(scope="module")
def filled(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Many parts of one final, and one upload of everything else, for all tests here."""
    with django_db_blocker.unblock(), transaction.atomic():
        fill_table()
        yield
        transaction.set_rollback(True)


def fill_table() -> None:
    final = make_resumable(kind="final", stored_name="joined/1", job=make_job(), expires_at=None)
    columns = {"kind": "partial", "filename": "a", "length": 1, "offset": 1, "metadata": "m" * 200}
    columns |= {"is_open": False}
    parts = [
        ResumableUpload(final=final, part_number=number, stored_name=f"{number}", **columns)
        for number in range(MANY)
    ]
    ResumableUpload.objects.bulk_create(parts, batch_size=40)
    past = timezone.now() - timedelta(seconds=1)
    make_resumable(expires_at=past, offset=4)
    make_resumable(holder="holder", holder_expires_at=past)
    make_resumable(offset=10)
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE processing_resumableupload")


Ask = Callable[[ResumableUploadQuerySet], Any]

#: What the plan of each says on both databases, and how many it finds.
QUESTIONS: dict[str, tuple[Ask, str, int]] = {
    "expired": (lambda uploads: uploads.expired().free(), "resumable_open", 1),
    "whole": (lambda uploads: uploads.whole().free(), "resumable_open", 1),
    "promised": (lambda uploads: uploads.promised(), "resumable_open", 2),
    "abandoned": (lambda uploads: uploads.abandoned(), "resumable_held", 1),
}


@pytest.mark.usefixtures("filled")
@pytest.mark.parametrize("name", QUESTIONS)
def test_a_question_is_answered_by_its_index(name: str) -> None:
    ask, index, count = QUESTIONS[name]
    uploads = ask(ResumableUpload.objects.order_by())
    assert uploads.count() == count
    assert index in uploads.explain()


@pytest.mark.usefixtures("filled")
def test_the_parts_of_a_final_are_found_by_it() -> None:
    make_resumable(kind="final", stored_name="joined/2", job=make_job(), expires_at=None)
    plan = ResumableUpload.objects.parts_of("joined/2").explain()
    assert "final_id=?" in plan if connection.vendor == "sqlite" else "Index" in plan


@pytest.mark.usefixtures("filled")
def test_the_sums_read_open_uploads_alone() -> None:
    uploads: Any = ResumableUpload.objects.open().order_by()
    assert uploads.aggregate(total=Sum("length"))["total"] == 30
    assert "resumable_open" in uploads.values("length").explain()


@pytest.mark.usefixtures("filled")
def test_the_page_of_the_admin_is_read_in_the_order_of_its_index() -> None:
    newest = ResumableUpload.objects.order_by("-created_at", "-id")[:50]
    assert "resumable_newest" in newest.explain()


def test_an_upload_never_has_more_than_its_length() -> None:
    upload = make_resumable()
    with pytest.raises(IntegrityError), transaction.atomic():
        ResumableUpload.objects.filter(pk=upload.pk).update(offset=11)
    ResumableUpload.objects.filter(pk=upload.pk).update(length=None, offset=11)


def test_a_place_in_a_final_is_taken_once() -> None:
    final = make_resumable(kind="final")
    make_resumable(final=final, part_number=0)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_resumable(final=final, part_number=0)


def test_a_job_deletes_its_upload_and_the_parts_of_it() -> None:
    job = make_job()
    final = make_resumable(kind="final", job=job)
    make_resumable(final=final, part_number=0)
    other = make_resumable()
    job.delete()
    left = ResumableUpload.objects.filter(filename="a.txt", length=10)
    assert other in left
    assert not left.filter(kind="final", job=None).exists()
