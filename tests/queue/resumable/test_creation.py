"""New uploads, and finding them again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from processing.errors import NoSuchUpload, UploadExpired
from processing.models import ResumableUpload
from processing.queue.resumable import create, find, take
from processing.uploads.store import get_store
from tests.factories import make_resumable
from tests.queue.resumable.uploading import expire

NOBODYS = "0f4d8a52-58f0-4d4b-9d0a-6a1c6f0b3c11"

pytestmark = pytest.mark.django_db


def test_a_new_upload_is_open_free_and_expires(
    settings: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.UPLOAD_EXPIRES_SECONDS = 600
    with django_assert_num_queries(1):
        made = create(
            caller="token:a",
            length=10,
            filename="a.csv",
            media_type="text/csv",
            metadata="filename YS5jc3Y=",
            processor="csv_profile",
        )
    upload = ResumableUpload.objects.get()
    assert upload == made
    assert (upload.kind, upload.length, upload.offset) == ("single", 10, 0)
    assert (upload.filename, upload.media_type) == ("a.csv", "text/csv")
    assert (upload.metadata, upload.processor) == ("filename YS5jc3Y=", "csv_profile")
    assert upload.is_open
    expected = timezone.now() + timedelta(seconds=600)
    assert abs(upload.expires_at - expected) < timedelta(seconds=60)
    assert take(upload.pk, "first") is not None


def test_each_has_a_name_of_its_own_in_the_store() -> None:
    first, second = (create(caller="", length=1, filename="a") for _ in range(2))
    assert first.stored_name != second.stored_name
    for upload in (first, second):
        get_store().begin(upload.stored_name)
        assert get_store().measure(upload.stored_name) == 0


def test_one_that_brings_bytes_is_held_from_the_start() -> None:
    upload = create(caller="", length=None, filename="a", holder="first")
    assert take(upload.pk, "second") is None
    assert ResumableUpload.objects.get().holder_expires_at > timezone.now()


def test_it_is_found_by_its_caller(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    upload = make_resumable(caller="token:a")
    with django_assert_num_queries(1):
        assert find(str(upload.pk), "token:a", operates=False) == upload
    assert find(upload.pk.hex, "token:b", operates=True) == upload


@pytest.mark.parametrize("caller", ["", "token:b", "user:1"])
def test_it_is_not_there_for_others(caller: str) -> None:
    upload = make_resumable(caller="token:a")
    with pytest.raises(NoSuchUpload):
        find(str(upload.pk), caller, operates=False)


@pytest.mark.parametrize("text", ["", "a", "1" * 33, "\0", NOBODYS, "x" * 10_000])
def test_what_is_no_upload_is_not_found(text: str) -> None:
    with pytest.raises(NoSuchUpload):
        find(text, "", operates=True)


def test_one_whose_time_is_over_is_told_to_be() -> None:
    upload = make_resumable()
    expire(upload)
    with pytest.raises(UploadExpired):
        find(str(upload.pk), "", operates=False)
