"""A bucket: every call to it ends within a bounded time, and fails in this project's words."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

from boto3.exceptions import Boto3Error
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import HTTPError

from processing.errors import DiskFull, StoreUnavailable

logger = logging.getLogger(__name__)

MIB = 1024 * 1024

#: For a connection to come about, and for its next byte in either direction, in seconds.
CONNECT_SECONDS = 5
READ_SECONDS = 30
#: Tries of one call. botocore waits between them, for longer each time, 20 s at most.
ATTEMPT_COUNT = 4
#: Connections that are kept open for the next call. More are opened where more are needed.
IDLE_CONNECTION_COUNT = 16

#: A whole file is sent in parts of this size, read from the disk as they are sent; s3transfer
#: takes larger ones for a file that would have more than the 10,000 that S3 allows (80 GB).
PART_BYTES = 8 * MIB
#: So many parts of a file are on their way at once, each in a thread that ends with the file.
TRANSFER_THREAD_COUNT = 4

CLIENT_CONFIG = Config(
    connect_timeout=CONNECT_SECONDS,
    read_timeout=READ_SECONDS,
    retries={"mode": "standard", "total_max_attempts": ATTEMPT_COUNT},
    max_pool_connections=IDLE_CONNECTION_COUNT,
    # By default botocore adds a checksum that not all who speak S3 understand, or reads what it
    # sends twice, 1 MiB at a time, to sign it. TLS guards it as well.
    request_checksum_calculation="when_required",
    s3={"payload_signing_enabled": False},
)
TRANSFER_CONFIG = TransferConfig(
    multipart_threshold=PART_BYTES,
    multipart_chunksize=PART_BYTES,
    max_concurrency=TRANSFER_THREAD_COUNT,
    preferred_transfer_client="classic",
)

_MISSING = frozenset({"NoSuchKey", "NoSuchUpload"})
#: An answer to HEAD has no body, so its code is the status, whichever of key and bucket is missing.
_MISSING_OR_NO_BUCKET = frozenset({"404", "NotFound"})
#: A bucket that answered is taken to be there for so long, in seconds: nobody can remove one that
#: has anything in it, so what is missing then is gone in any case.
SEEN_LASTS_SECONDS = 10.0
#: What botocore, boto3 and the HTTP client below them raise when no answer comes, or a wrong one.
FAILURES = (BotoCoreError, Boto3Error, HTTPError)


class Bucket:
    """One bucket, by the keys of its objects.

    Every method raises FileNotFoundError where the key, or the multipart upload, is not there;
    DiskFull where the service has a quota that is used up; StoreUnavailable for any other failure.
    """

    def __init__(self, client: Any, name: str) -> None:
        self._client = client
        self._name = name
        self._seen_at = float("-inf")

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """The answer to one operation of S3, by boto3's name for it."""
        with self._telling():
            answer: dict[str, Any] = getattr(self._client, operation)(
                Bucket=self._name, **parameters
            )
        self._seen_at = time.monotonic()
        return answer

    def iter_pages(self, operation: str, **parameters: Any) -> Iterator[dict[str, Any]]:
        """The answers to an operation that lists, one page after the other."""
        paginator = self._client.get_paginator(operation)
        pages = iter(paginator.paginate(Bucket=self._name, **parameters))
        while True:
            with self._telling():
                page = next(pages, None)
            if page is None:
                return
            yield page

    def upload(self, path: Path, key: str) -> None:
        """Make an object of a whole file, several parts at a time; nothing is left of a failure."""
        with self._telling():
            self._client.upload_file(str(path), self._name, key, Config=TRANSFER_CONFIG)

    def is_there(self) -> bool:
        """Whether there is such a bucket. Raises StoreUnavailable where that is not known."""
        try:
            self._client.head_bucket(Bucket=self._name)
        except ClientError as error:
            if _read_code(error) in _MISSING_OR_NO_BUCKET:
                return False
            raise self.fail(error) from error
        except FAILURES as error:
            raise self.fail(error) from error
        self._seen_at = time.monotonic()
        return True

    def fail(self, reason: object) -> StoreUnavailable:
        """What a failure is to the caller; the log has the reason, which clients need not know."""
        logger.error("the bucket %s is of no use now: %s", self._name, reason)
        return StoreUnavailable()

    @contextmanager
    def _telling(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            raise self._translate(error) from error
        except FAILURES as error:
            raise self.fail(error) from error

    def _translate(self, error: ClientError) -> Exception:
        code = _read_code(error)
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
        if code in _MISSING_OR_NO_BUCKET and not self._was_seen() and not self.is_there():
            return self.fail("there is no such bucket")
        if code in _MISSING | _MISSING_OR_NO_BUCKET:
            return FileNotFoundError(str(error))
        if code == "QuotaExceeded" or status == HTTPStatus.INSUFFICIENT_STORAGE:
            return DiskFull()
        return self.fail(error)

    def _was_seen(self) -> bool:
        return time.monotonic() < self._seen_at + SEEN_LASTS_SECONDS


def _read_code(error: ClientError) -> str:
    return str(error.response.get("Error", {}).get("Code"))
