"""UPLOAD_STORAGE_URL: what each form stands for, and what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from project.upload_storage import describe_storage

DEFAULT = Path("/spool/store")


@pytest.mark.parametrize(
    ("url", "folder"),
    [
        ("file:", "/spool/store"),
        ("file:///a/folder", "/a/folder"),
        ("file:/a/folder", "/a/folder"),
        ("file:///a folder/50%", "/a folder/50%"),
    ],
)
def test_a_folder_is_named_or_is_the_default(url: str, folder: str) -> None:
    assert describe_storage(url, DEFAULT) == {
        "BACKEND": "processing.uploads.stores.folder.FolderStorage",
        "OPTIONS": {"location": folder},
    }


def test_the_database_needs_no_more_words() -> None:
    backend = "processing.database_store.storage.DatabaseStorage"
    assert describe_storage("database:", DEFAULT) == {"BACKEND": backend}


@pytest.mark.parametrize(
    ("url", "bucket", "prefix"),
    [
        ("s3://files", "files", ""),
        ("s3://files/", "files", ""),
        ("s3://my.files-2/a/b_c", "my.files-2", "a/b_c"),
        ("s3://files/a/", "files", "a"),
    ],
)
def test_a_bucket_may_have_a_prefix(url: str, bucket: str, prefix: str) -> None:
    assert describe_storage(url, DEFAULT) == {
        "BACKEND": "processing.uploads.stores.s3.S3UploadStorage",
        "OPTIONS": {"bucket_name": bucket, "location": prefix},
    }


@pytest.mark.parametrize(
    "url",
    [
        "",
        "ftp://x",
        "/a/folder",
        "file:folder",
        "file://host/folder",
        "file://",
        "database",
        "database:other",
        "database://",
        "s3:",
        "s3:files",
        "s3://",
        "s3:///a",
        "s3://ab",
        "s3://Files",
        "s3://key:secret@files",
        "s3://files?region=x",
        "s3://files/a//b",
        "s3://files/../b",
        "s3://files/a b",
    ],
)
def test_anything_else_makes_no_sense(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  (the reader of the environment tells the rest)
        describe_storage(url, DEFAULT)
