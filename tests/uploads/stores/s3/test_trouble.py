"""A bucket that is of no use, and what is said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from django.core.exceptions import SuspiciousFileOperation
from django.core.files.base import ContentFile
from django.utils import timezone
from pytest_django import Settings

from processing.errors import DiskFull, StoreUnavailable
from processing.models import ResumableUpload, Upload
from processing.queue.resumable.abandoned import finish_abandoned
from processing.queue.sweep import sweep_uploads
from processing.uploads.stores.s3 import bucket
from processing.uploads.stores.s3.bucket import Bucket
from processing.uploads.stores.s3.storage import S3UploadStorage
from tests.factories import make_resumable, make_upload
from tests.uploads.stores.conftest import Place, put_store
from tests.uploads.stores.s3.dying import get_client

NAME = "sources/ab/abc"


class FailingClient:
    """Answers every call with one error of the service."""

    def __init__(self, code: str, status: int) -> None:
        self._answer: Any = {
            "Error": {"Code": code, "Message": "told by the service"},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }

    def head_object(self, **_: str) -> None:
        raise ClientError(self._answer, "HeadObject")

    def head_bucket(self, **_: str) -> None:
        """The bucket itself is there."""


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        ("404", 404, FileNotFoundError),
        ("NoSuchKey", 404, FileNotFoundError),
        ("NoSuchUpload", 404, FileNotFoundError),
        ("NoSuchBucket", 404, StoreUnavailable),
        ("AccessDenied", 403, StoreUnavailable),
        ("SlowDown", 503, StoreUnavailable),
        ("PreconditionFailed", 412, StoreUnavailable),
        ("QuotaExceeded", 403, DiskFull),
        ("XMinioStorageFull", 507, DiskFull),
    ],
)
def test_an_answer_is_an_error_of_ours(
    code: str, status: int, expected: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(expected):
        Bucket(FailingClient(code, status), "files").call("head_object", Key="a")
    assert ("told by the service" in caplog.text) is (expected is StoreUnavailable)


def test_a_bucket_that_is_there_is_no_trouble(s3_place: Place) -> None:
    assert s3_place.store.find_trouble() == ""


@pytest.fixture
def no_bucket(s3_place: Place) -> Iterator[S3UploadStorage]:
    """A store in a bucket that the service does not have."""
    store = S3UploadStorage(bucket_name="no-such-bucket", location="")
    yield store
    store.connection.meta.client.close()


CALLS: dict[str, Callable[[S3UploadStorage], Any]] = {
    "exists": lambda store: store.exists(NAME),
    "size": lambda store: store.size(NAME),
    "open_stream": lambda store: store.open_stream(NAME),
    "begin": lambda store: store.begin(NAME),
    "measure": lambda store: store.measure(NAME),
    "append": lambda store: store.append(NAME, 0, is_provisional=False),
    "finish": lambda store: store.finish(NAME, 0),
    "save": lambda store: store.save(NAME, ContentFile(b"content")),
    "delete": lambda store: store.delete(NAME),
    "iter_files": lambda store: list(store.iter_files()),
}


def test_nothing_is_missing_from_a_bucket_that_is_not_there(
    no_bucket: S3UploadStorage, caplog: pytest.LogCaptureFixture
) -> None:
    for name, call in CALLS.items():
        caplog.clear()
        with pytest.raises(StoreUnavailable):
            call(no_bucket)
        assert "the bucket no-such-bucket is of no use now: " in caplog.text, name


def test_a_bucket_that_is_not_there_is_told(no_bucket: S3UploadStorage) -> None:
    assert no_bucket.find_trouble() == "there is no bucket no-such-bucket"


def test_a_bucket_that_was_seen_is_not_looked_for_again(
    s3_place: Place,
) -> None:
    asked: list[str] = []
    record = lambda model, **_: asked.append(model.name)  # noqa: E731
    get_client().meta.events.register("before-call.s3", record)
    for _ in range(3):
        assert not s3_place.store.exists(NAME)  # type: ignore[attr-defined]
    assert asked == ["HeadObject", "HeadBucket", "HeadObject", "HeadObject"]


def test_a_bucket_that_was_removed_is_found_out(
    s3_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert s3_place.names() == []
    get_client().delete_bucket(Bucket=s3_place.store.bucket_name)  # type: ignore[attr-defined]
    monkeypatch.setattr(bucket, "SEEN_LASTS_SECONDS", 0.0)
    with pytest.raises(StoreUnavailable):
        s3_place.store.size(NAME)


def test_a_sweep_forgets_nothing_while_the_bucket_is_not_there(
    s3_place: Place, settings: Settings
) -> None:
    past = timezone.now() - timedelta(days=30)
    make_upload(stored_name="sources/aa/1", created_at=past)
    make_resumable(expires_at=past)
    make_resumable(offset=10)
    put_store(settings, "s3://no-such-bucket", s3_place.folder)

    with pytest.raises(StoreUnavailable):
        sweep_uploads()
    assert finish_abandoned() == {"found": 1, "completed": 0, "dry_run": False}

    assert (Upload.objects.count(), ResumableUpload.objects.count()) == (1, 2)


def test_missing_credentials_are_told(s3_place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    store = S3UploadStorage(bucket_name="files", location="")
    assert "credentials" in store.find_trouble()


@pytest.mark.parametrize("name", ["../outside", "/etc/passwd", "a/../../b"])
def test_a_name_outside_the_prefix_is_refused(s3_place: Place, name: str) -> None:
    with pytest.raises(SuspiciousFileOperation):
        s3_place.store.open_stream(name)
    with pytest.raises(SuspiciousFileOperation):
        s3_place.store.delete(name)
