"""Where finished files are kept, as UPLOAD_STORAGE_URL says it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

WANTED = (
    "file: (a folder under UPLOAD_SPOOL_DIR), file:///a/folder, database: (where the jobs are) or "
    "s3://bucket or s3://bucket/prefix (without credentials)"
)

#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucketnamingrules.html
BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
#: Characters that mean nothing to S3, nor to a URL: "Safe characters" without the odd ones.
#: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html
FOLDER = re.compile(r"[A-Za-z0-9._-]+")

BUCKET_BACKEND = "processing.uploads.stores.s3.S3UploadStorage"


def describe_storage(url: str, default_folder: Path) -> dict[str, Any]:
    """The STORAGES entry of a URL; "file:" alone is the default folder.

    Raises ValueError for what is none of WANTED.
    """
    scheme, _, rest = url.partition(":")
    if scheme == "file":
        return _describe_folder(_read_folder(rest) if rest else default_folder)
    if scheme == "s3" and rest.startswith("//"):
        bucket, _, prefix = rest.removeprefix("//").partition("/")
        return _describe_bucket(bucket, prefix.strip("/"))
    if url == "database:":
        return {"BACKEND": "processing.database_store.storage.DatabaseStorage"}
    raise ValueError(url)


def is_bucket(storage: dict[str, Any]) -> bool:
    """Whether a STORAGES entry is that of a bucket."""
    return bool(storage["BACKEND"] == BUCKET_BACKEND)


def _read_folder(location: str) -> Path:
    folder = Path(location.removeprefix("//"))
    if not folder.is_absolute():
        raise ValueError(location)
    return folder


def _describe_folder(folder: Path) -> dict[str, Any]:
    return {
        "BACKEND": "processing.uploads.stores.folder.FolderStorage",
        "OPTIONS": {"location": str(folder)},
    }


def _describe_bucket(bucket: str, prefix: str) -> dict[str, Any]:
    if not BUCKET.fullmatch(bucket) or not _is_prefix(prefix):
        raise ValueError(bucket)
    return {
        "BACKEND": BUCKET_BACKEND,
        "OPTIONS": {"bucket_name": bucket, "location": prefix},
    }


def _is_prefix(prefix: str) -> bool:
    folders = prefix.split("/") if prefix else []
    return all(FOLDER.fullmatch(folder) and folder not in {".", ".."} for folder in folders)
