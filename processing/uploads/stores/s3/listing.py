"""Everything that a bucket holds below a prefix, as files of the store."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from processing.uploads.stores.s3.bucket import Bucket
from processing.uploads.stores.s3.marker import MARKER_SUFFIX
from processing.uploads.stores.s3.unfinished import UnfinishedFile
from processing.uploads.walk import StoredEntry


def iter_entries(bucket: Bucket, prefix: str) -> Iterator[StoredEntry]:
    """Yield every file below `prefix`, finished or not, with its name behind it.

    An unfinished file costs three requests: for its size, and to tell it from a multipart upload
    that no marker knows, which a crash can leave and which is yielded as a file too.
    """
    for page in bucket.iter_pages("list_objects_v2", Prefix=prefix):
        for entry in page.get("Contents", ()):
            yield _describe(bucket, prefix, entry)
    for page in bucket.iter_pages("list_multipart_uploads", Prefix=prefix):
        for upload in page.get("Uploads", ()):
            if not _is_known(bucket, upload):
                name = upload["Key"].removeprefix(prefix)
                yield StoredEntry(name, upload["Initiated"].timestamp(), 0)


def _describe(bucket: Bucket, prefix: str, entry: dict[str, Any]) -> StoredEntry:
    key, size_bytes = entry["Key"], entry["Size"]
    if key.endswith(MARKER_SUFFIX):
        key = key.removesuffix(MARKER_SUFFIX)
        size_bytes = _measure(UnfinishedFile(bucket, key))
    return StoredEntry(key.removeprefix(prefix), entry["LastModified"].timestamp(), size_bytes)


def _measure(file: UnfinishedFile) -> int:
    try:
        return file.look().size_bytes
    except FileNotFoundError:
        return 0  # finished or removed meanwhile, or by a process that died before the last step


def _is_known(bucket: Bucket, upload: dict[str, Any]) -> bool:
    try:
        marker = UnfinishedFile(bucket, upload["Key"]).read_marker()
    except FileNotFoundError:
        return False
    return bool(marker.upload_id == upload["UploadId"])
