from __future__ import annotations

import gc
import hashlib
import io
from pathlib import Path

import pytest
from django.core.files.uploadhandler import FileUploadHandler, StopUpload
from django.http import UnreadablePostError
from django.http.multipartparser import MultiPartParser
from django.test import RequestFactory
from pytest_django import Settings

from processing.errors import DiskFull, UploadTooLarge
from processing.uploads.handler import SpooledFile, SpoolUploadHandler
from tests.uploads.bodies import CONTENT_TYPE, field_part, file_part, form
from tests.uploads.conftest import files_below

HANDLER = "processing.uploads.handler.SpoolUploadHandler"


@pytest.fixture(autouse=True)
def spool_handler(settings: Settings) -> None:
    settings.FILE_UPLOAD_HANDLERS = [HANDLER]


def parse(stream: io.BytesIO, length: int, *handlers: FileUploadHandler) -> MultiPartParser:
    meta = {"CONTENT_TYPE": CONTENT_TYPE, "CONTENT_LENGTH": str(length)}
    return MultiPartParser(meta, stream, [*handlers] or [SpoolUploadHandler()])


def test_a_form_of_django_gets_a_spooled_file(spool: Path) -> None:
    body = form(field_part(b"text"), file_part(b"x" * 200_000, b"../a.bin"))
    request = RequestFactory().post("/", body, content_type=CONTENT_TYPE)

    upload = request.FILES["file"]

    assert isinstance(upload, SpooledFile)
    assert request.POST["note"] == "text"
    assert (upload.name, upload.size, upload.content_type) == ("a.bin", 200_000, "text/plain")
    assert upload.sha256 == hashlib.sha256(b"x" * 200_000).hexdigest()
    assert Path(upload.temporary_file_path()).read_bytes() == upload.read() == b"x" * 200_000
    assert sum(len(chunk) for chunk in upload.chunks()) == 200_000
    request.close()
    assert files_below(spool) == []


def test_a_form_of_django_may_hold_several_files(spool: Path) -> None:
    body = form(file_part(b"one"), file_part(b"", name=b"other"), file_part(b"three"))
    request = RequestFactory().post("/", body, content_type=CONTENT_TYPE)

    assert [upload.read() for upload in request.FILES.getlist("file")] == [b"one", b"three"]
    assert request.FILES["other"].read() == b""
    request.close()
    assert files_below(spool) == []


class BrokenStream(io.BytesIO):
    """A request whose client goes away at the end of what it sent."""

    def read(self, size: int | None = -1) -> bytes:
        chunk = super().read(size)
        if not chunk:
            raise UnreadablePostError("the client is gone")
        return chunk


def test_a_client_that_leaves_djangos_parser_leaves_nothing(spool: Path) -> None:
    body = file_part(b"x" * 300_000)

    with pytest.raises(UnreadablePostError):
        parse(BrokenStream(body), len(body) + 1000).parse()

    gc.collect()
    assert files_below(spool) == []


def test_a_handler_that_stops_the_upload_leaves_nothing(spool: Path) -> None:
    class Stopper(FileUploadHandler):
        def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
            raise StopUpload

    body = form(file_part(b"x" * 300_000))
    parse(io.BytesIO(body), len(body), Stopper(), SpoolUploadHandler()).parse()

    assert files_below(spool) == []


def test_an_interrupted_upload_is_removed_once_or_twice(spool: Path) -> None:
    handler = SpoolUploadHandler()
    handler.upload_interrupted()
    handler.new_file("file", "a.txt", "text/plain", None)
    assert handler.receive_data_chunk(b"x", 0) is None
    handler.upload_interrupted()
    handler.upload_interrupted()

    assert files_below(spool) == []


def test_a_file_over_the_limit_is_refused_and_removed(spool: Path, settings: Settings) -> None:
    settings.UPLOAD_MAX_BYTES = 10
    handler = SpoolUploadHandler()
    handler.new_file("file", "a.txt", "text/plain", None)
    handler.receive_data_chunk(b"x" * 10, 0)

    with pytest.raises(UploadTooLarge):
        handler.receive_data_chunk(b"x", 10)

    assert files_below(spool) == []


def test_a_full_disk_is_told_and_leaves_nothing(settings: Settings, small_disk: Path) -> None:
    settings.UPLOAD_SPOOL_DIR = small_disk
    body = form(file_part(b"x" * 2 * 1024 * 1024))

    with pytest.raises(DiskFull):
        parse(io.BytesIO(body), len(body)).parse()

    assert files_below(small_disk) == []


@pytest.mark.parametrize("media_type", ["text/\x00plain", "téxt/plain"])
def test_a_media_type_that_cannot_be_kept_is_left_empty(media_type: str) -> None:
    handler = SpoolUploadHandler()
    handler.new_file("file", "a.txt", media_type, None)

    with handler.file_complete(0) as upload:
        assert upload.content_type == ""
