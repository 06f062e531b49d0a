"""The storage class that STORAGES["uploads"] names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from django.core.files.base import File
from django.core.files.utils import validate_file_name
from storages.backends.s3 import S3Storage

from processing.errors import StoreUnavailable
from processing.uploads.stores.s3.appender import S3Appender, find_gathered_bytes
from processing.uploads.stores.s3.bucket import CLIENT_CONFIG, Bucket
from processing.uploads.stores.s3.gathering import Gathering
from processing.uploads.stores.s3.listing import iter_entries
from processing.uploads.stores.s3.reader import open_object
from processing.uploads.stores.s3.unfinished import UnfinishedFile
from processing.uploads.walk import StoredEntry


class S3UploadStorage(S3Storage):  # type: ignore[misc]  # django-storages has no types
    """A bucket, or what is below a prefix in it. Its OPTIONS: `bucket_name`, `location` (the
    prefix) and `region_name`; the rest is what botocore finds in the environment.

    All processes of a fork share the memory of one client, which is made at once. No call may go
    out before the fork: its connection would be shared too.
    """

    # They wait for the network most of their time.
    thread_count: ClassVar[int] = 16
    keeps_whole: ClassVar[bool] = True

    def __init__(self, **options: Any) -> None:
        super().__init__(file_overwrite=False, client_config=CLIENT_CONFIG, **options)
        self._objects = Bucket(self.connection.meta.client, self.bucket_name)

    @cached_property
    def connection(self) -> Any:
        """One for all threads: a client may be used by several, and each takes 20 MB."""
        return self._create_session().resource(
            "s3", region_name=self.region_name, config=self.client_config
        )

    def exists(self, name: str) -> bool:
        """Whether there is a finished file of that name."""
        try:
            self.size(name)
        except FileNotFoundError:
            return False
        return True

    def open_stream(self, name: str) -> BinaryIO:
        """See UploadStore."""
        return open_object(self._objects, self._find_key(name))

    def size(self, name: str) -> int:
        """See UploadStore."""
        head = self._objects.call("head_object", Key=self._find_key(name))
        size_bytes: int = head["ContentLength"]
        return size_bytes

    def delete(self, name: str) -> None:
        """See UploadStore."""
        self._find_unfinished(name).remove()

    def iter_files(self) -> Iterator[StoredEntry]:
        """See UploadStore. What a crash has left of an unfinished file is one too."""
        return iter_entries(self._objects, self._prefix)

    def find_free_bytes(self) -> None:
        """Nobody can tell."""

    def find_spool_bytes(self, offset: int, size_bytes: int | None, *, is_provisional: bool) -> int:
        """See UploadStore."""
        return find_gathered_bytes(offset, size_bytes, is_provisional=is_provisional)

    def find_trouble(self) -> str:
        """See RemoteStore. Wrong credentials are a trouble too."""
        try:
            is_there = self._objects.is_there()
        except StoreUnavailable as error:
            return str(error.__cause__)
        return "" if is_there else f"there is no bucket {self.bucket_name}"

    def begin(self, name: str) -> None:
        """See UploadStore."""
        self._find_unfinished(name).begin()

    def delete_some(self, name: str) -> bool:
        """It is removed with one request or two."""
        self.delete(name)
        return False

    def measure(self, name: str) -> int:
        """See UploadStore."""
        return self._find_unfinished(name).measure()

    def lock(self, name: str) -> AbstractContextManager[None]:
        """See UploadStore."""
        return nullcontext()

    def append(self, name: str, offset: int, *, is_provisional: bool) -> S3Appender:
        """See UploadStore. What is not sent yet is on the spool disk."""
        return S3Appender(self._find_unfinished(name), offset, is_provisional=is_provisional)

    def finish(self, name: str, size_bytes: int) -> None:
        """See UploadStore."""
        self._find_unfinished(name).finish(size_bytes)

    def _save(self, name: str, content: File[bytes]) -> str:
        key = self._find_key(name)
        if hasattr(content, "temporary_file_path"):
            self._objects.upload(Path(content.temporary_file_path()), key)
            return name
        with Gathering() as gathering:
            for chunk in content.chunks():
                gathering.write(chunk)
            self._objects.upload(gathering.path, key)
        return name

    def _find_key(self, name: str) -> str:
        """Raises SuspiciousFileOperation for a name that would be outside the prefix."""
        validate_file_name(name, allow_relative_path=True)
        return self._prefix + name

    def _find_unfinished(self, name: str) -> UnfinishedFile:
        return UnfinishedFile(self._objects, self._find_key(name))

    @property
    def _prefix(self) -> str:
        return f"{self.location}/" if self.location else ""
