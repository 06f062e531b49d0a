"""Bodies that are refused: what is said, and that nothing is left."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from processing.errors import BadMultipart, DiskFull, PlimsollError, UploadTooLarge
from processing.uploads.admission import FRAMING_MAX_BYTES
from processing.uploads.multipart import (
    FIELD_MAX_BYTES,
    FRAME_MAX_BYTES,
    PART_MAX_COUNT,
    receive_upload,
)
from tests.uploads.bodies import (
    BOUNDARY,
    CONTENT_TYPE,
    END,
    field_part,
    file_part,
    form,
    part,
    receive,
    split,
    stream,
)
from tests.uploads.conftest import files_below


@pytest.fixture(autouse=True)
def nothing_is_left(spool: Path) -> Iterator[None]:
    yield
    assert files_below(spool) == []


@pytest.mark.parametrize(
    ("content_type", "said"),
    [
        ("application/json", "must be multipart/form-data"),
        (f"multipart/mixed; boundary={BOUNDARY}", "must be multipart/form-data"),
        ("multipart/form-data", "no boundary"),
        ('multipart/form-data; boundary=""', "no boundary"),
        ('multipart/form-data; boundary="é"', "printable ASCII"),
        ('multipart/form-data; boundary="a\nb"', "printable ASCII"),
        ("multipart/form-data; boundary=" + "b" * 201, "at most 200"),
    ],
)
def test_a_content_type_that_will_not_do_is_told(content_type: str, said: str) -> None:
    with pytest.raises(BadMultipart, match=said):
        asyncio.run(receive(form(file_part(b"x")), content_type=content_type))


DISPOSITION = b'Content-Disposition: form-data; name="file"; filename="a"'


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"not multipart at all", "ended before"),
        (form(file_part(b"x")).replace(b"\r\n", b"\n"), "broken"),
        (form(part(b"x")), "Missing Content-Disposition"),
        (form(part(b"x", b'Content-Disposition: attachment; name="file"')), "Wrong type"),
        (form(part(b"x", DISPOSITION, b"no colon here")), "Malformed segment header"),
        (form(part(b"x", DISPOSITION, b"Content-Length: 2")), "does not match"),
        (form(part(b"x", DISPOSITION, b"Content-Length: 0")), "exceeded"),
        (form(part(b"x", DISPOSITION, b"Content-Length: \xb2")), "Invalid segment Content-Length"),
        (form(part(b"x", b"X-Huge: " + b"h" * 10_000, DISPOSITION)), "header length"),
        (form(part(b"x", *[b"X-Many: h"] * 9, DISPOSITION)), "header count"),
        (form(*[field_part(b"x")] * 10_000), "segment count"),
        (form(field_part(b"x" * (FIELD_MAX_BYTES + 1))), "longer than 65536"),
        (form(field_part(b"x" * (FIELD_MAX_BYTES + 1), name=b"file")), "longer than 65536"),
        (form(file_part(b"1"), file_part(b"2")), "One file is taken per request"),
        (form(file_part(b"x")).replace(END, f"--{BOUNDARY}??".encode()), "boundary"),
    ],
)
@pytest.mark.parametrize("chunk_bytes", [7, 1_000_000])
def test_a_broken_body_is_told_what_is_wrong(body: bytes, said: str, chunk_bytes: int) -> None:
    with pytest.raises(BadMultipart, match=said):
        asyncio.run(receive(*split(body, chunk_bytes)))


def test_as_many_parts_as_allowed_are_taken() -> None:
    parts = [field_part(b"x" * 100)] * (PART_MAX_COUNT - 1)

    with asyncio.run(receive(form(*parts, file_part(b"x")))) as spooled:
        assert spooled.size == 1


def test_a_nested_multipart_is_a_file_like_any_other() -> None:
    inner = (
        b'--in\r\nContent-Disposition: form-data; name="file"; filename="b"\r\n\r\nx\r\n--in--\r\n'
    )
    body = form(part(inner, DISPOSITION, b"Content-Type: multipart/mixed; boundary=in"))

    with asyncio.run(receive(body)) as spooled:
        assert spooled.read() == inner


def test_a_body_that_ends_at_any_byte_too_early_is_refused(spool: Path) -> None:
    body = form(field_part(b"1"), file_part(b"content"), field_part(b"2"))
    for end in range(len(body) - len(b"\r\n")):
        with pytest.raises(PlimsollError) as refusal:
            asyncio.run(receive(body[:end]))
        assert refusal.value.code == ("bad_multipart" if end else "no_file")
        assert files_below(spool) == []


def test_more_than_the_declared_length_is_refused() -> None:
    with pytest.raises(BadMultipart, match="Content-Length"):
        asyncio.run(receive(form(file_part(b"x" * 100)), length=50))


class Counted:
    """A stream that knows how much of it was read."""

    def __init__(self, *chunks: bytes) -> None:
        self.read_count = 0
        self.chunks = chunks

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            self.read_count += 1
            yield chunk


def test_a_declared_length_over_the_limit_is_refused_unread(settings: Settings) -> None:
    settings.UPLOAD_MAX_BYTES = 1000
    body = Counted(form(file_part(b"x")))

    with pytest.raises(UploadTooLarge):
        asyncio.run(receive_upload(aiter(body), CONTENT_TYPE, 1001 + FRAMING_MAX_BYTES))

    assert body.read_count == 0


def test_a_file_is_refused_as_soon_as_it_passes_the_limit(settings: Settings) -> None:
    settings.UPLOAD_MAX_BYTES = 1000
    body = Counted(file_part(b"x" * 1000)[:-2], b"x", b"y", b"z")

    with pytest.raises(UploadTooLarge):
        asyncio.run(receive_upload(aiter(body), CONTENT_TYPE, None))

    assert body.read_count == 2


def test_a_file_of_just_the_limit_is_taken(settings: Settings) -> None:
    settings.UPLOAD_MAX_BYTES = 1000

    with asyncio.run(receive(form(file_part(b"x" * 1000)))) as spooled:
        assert spooled.size == 1000


def test_a_body_is_refused_as_soon_as_it_passes_its_allowance(settings: Settings) -> None:
    settings.UPLOAD_MAX_BYTES = 1000
    body = Counted(form(file_part(b"x")), *[b"e" * 1000] * 1000)

    with pytest.raises(UploadTooLarge):
        asyncio.run(receive_upload(aiter(body), CONTENT_TYPE, None))

    assert body.read_count == 2 + (FRAMING_MAX_BYTES + 1000) // 1000


@pytest.mark.parametrize(
    "start", [b"preamble", form(file_part(b"x")), b"\r\n"], ids=["before", "after", "line breaks"]
)
def test_what_goes_on_outside_of_the_parts_is_cut(start: bytes) -> None:
    body = Counted(start, *[b"e" * 10_000] * 1000)

    with pytest.raises(BadMultipart, match="not the content of a part"):
        asyncio.run(receive_upload(aiter(body), CONTENT_TYPE, None))

    assert body.read_count == 2 + FRAME_MAX_BYTES // 10_000


def test_the_headers_of_all_parts_may_be_long() -> None:
    header = b"X-Long: " + b"h" * 4000
    parts = [part(b"x", header, b'Content-Disposition: form-data; name="a"')] * 99

    with asyncio.run(receive(form(*parts, file_part(b"x")))) as spooled:
        assert spooled.size == 1


def test_a_full_disk_is_told(settings: Settings, small_disk: Path) -> None:
    settings.UPLOAD_SPOOL_DIR = small_disk
    body = form(file_part(b"x" * 2 * 1024 * 1024))

    with pytest.raises(DiskFull):
        asyncio.run(receive(*split(body, 50_000)))

    assert files_below(small_disk) == []


def test_a_length_that_the_disk_cannot_hold_is_refused_unread(
    settings: Settings, small_disk: Path
) -> None:
    settings.UPLOAD_SPOOL_DIR = small_disk
    body = Counted(form(file_part(b"x")))

    with pytest.raises(DiskFull):
        asyncio.run(receive_upload(aiter(body), CONTENT_TYPE, 2 * 1024 * 1024))

    assert body.read_count == 0


def test_a_refusal_frees_the_room_that_was_promised(settings: Settings, small_disk: Path) -> None:
    settings.UPLOAD_SPOOL_DIR = small_disk
    length = 900 * 1024
    for _ in range(3):
        with pytest.raises(BadMultipart):
            asyncio.run(receive_upload(stream([b"junk"]), CONTENT_TYPE, length))
