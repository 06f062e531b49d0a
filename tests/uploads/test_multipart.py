from __future__ import annotations

import asyncio
import hashlib
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from processing.errors import NoFile
from processing.uploads.multipart import receive_upload
from tests.uploads.bodies import (
    BOUNDARY,
    CONTENT_TYPE,
    END,
    field_part,
    file_part,
    form,
    part,
    receive,
    receive_content,
    split,
    stream,
)
from tests.uploads.conftest import files_below


def test_a_file_arrives_with_its_name_type_size_and_digest(spool: Path) -> None:
    content = bytes(range(256)) * 1000
    body = form(field_part(b"before"), file_part(content, b"a.bin"), field_part(b"after"))

    with asyncio.run(receive(*split(body, 10_000), length=len(body))) as spooled:
        assert (spooled.name, spooled.content_type) == ("a.bin", "text/plain")
        assert (spooled.size, spooled.read()) == (len(content), content)
        assert spooled.sha256 == hashlib.sha256(content).hexdigest()
        assert Path(spooled.temporary_file_path()).parent == spool / "incoming"

    assert files_below(spool) == []


def near_misses() -> st.SearchStrategy[bytes]:
    """Contents that nearly are the boundary, or begin like it, or are anything else."""
    pieces = [b"\r", b"\n", b"\r\n", b"--", f"\r\n--{BOUNDARY[:-1]}".encode(), b"x" * 70_000]
    contents = st.lists(st.sampled_from(pieces) | st.binary(max_size=50), max_size=12).map(b"".join)
    return contents.filter(lambda content: BOUNDARY.encode() not in content)


@hypothesis_settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=200
)
@given(content=near_misses(), data=st.data())
def test_the_result_does_not_depend_on_how_the_body_is_cut(
    content: bytes, data: st.DataObject
) -> None:
    body = form(field_part(b"1"), file_part(content), field_part(b"2"))
    cuts = data.draw(st.lists(st.integers(0, len(body)), max_size=30).map(sorted))
    chunks = [body[start:end] for start, end in pairwise([0, *cuts, len(body)])]

    with asyncio.run(receive(*chunks)) as spooled:
        assert spooled.read() == content
        assert spooled.sha256 == hashlib.sha256(content).hexdigest()


def test_single_bytes_are_gathered_into_a_file() -> None:
    content = b"\r\n--" * 500

    assert asyncio.run(receive_content(*split(form(file_part(content)), 1))) == content


def test_one_huge_network_chunk_is_taken() -> None:
    content = b"0123456789" * 300_000

    assert asyncio.run(receive_content(form(file_part(content)))) == content


def test_a_file_of_no_bytes_is_an_upload() -> None:
    with asyncio.run(receive(form(file_part(b"")))) as spooled:
        assert (spooled.size, spooled.read()) == (0, b"")
        assert spooled.sha256 == hashlib.sha256().hexdigest()


def test_another_field_may_be_the_file() -> None:
    body = form(file_part(b"no"), file_part(b"yes", name=b"document"))

    spooled = asyncio.run(receive_upload(stream([body]), CONTENT_TYPE, None, field_name="document"))

    with spooled:
        assert spooled.read() == b"yes"


def test_what_follows_the_closing_boundary_is_ignored() -> None:
    assert asyncio.run(receive_content(form(file_part(b"x")), b"\r\n", b"epilogue")) == b"x"


@pytest.mark.parametrize("chunk_bytes", [1, 7, 1000])
def test_what_precedes_the_first_boundary_is_ignored(chunk_bytes: int) -> None:
    body = b"preamble\r\n" + form(file_part(b"x"))

    assert asyncio.run(receive_content(*split(body, chunk_bytes))) == b"x"


def test_a_boundary_may_be_quoted() -> None:
    content_type = f'Multipart/Form-Data; charset=utf-8; boundary="{BOUNDARY}"'

    with asyncio.run(receive(form(file_part(b"x")), content_type=content_type)) as spooled:
        assert spooled.read() == b"x"


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("naïve 文.txt".encode(), "naïve 文.txt"),
        (b"caf\xe9.txt", "caf\ufffd.txt"),
        (b"C:\\temp\\a.txt", "a.txt"),
        (b"..", "upload"),
        (b"a%22b.txt", 'a"b.txt'),
    ],
)
def test_a_filename_is_made_safe_to_show(sent: bytes, shown: str) -> None:
    with asyncio.run(receive(form(file_part(b"x", sent)))) as spooled:
        assert spooled.name == shown


@pytest.mark.parametrize(
    ("parameters", "shown"),
    [
        (b"filename*=UTF-8''na%C3%AFve.txt", "naïve.txt"),
        (b"filename*=iso-8859-1'en'caf%E9.txt", "café.txt"),
        (b"filename=\"a.txt\"; filename*=UTF-8''b.txt", "a.txt"),
    ],
)
def test_a_filename_may_be_sent_as_other_headers_have_it(parameters: bytes, shown: str) -> None:
    disposition = b'Content-Disposition: form-data; name="file"; ' + parameters
    with asyncio.run(receive(form(part(b"x", disposition)))) as spooled:
        assert spooled.name == shown


@pytest.mark.parametrize(
    "header",
    [
        b"Content-Type: text/plain; charset=no-such-charset",
        b"Content-Type: text/plain; charset=utf-16",
        b"Content-Type: \xff\xfe; charset=\x80",
        b"Content-Type:",
        b"Content-Transfer-Encoding: base64",
        b"X-Other: \xf0\x9f",
    ],
)
def test_odd_headers_of_the_file_do_no_harm(header: bytes) -> None:
    disposition = b'Content-Disposition: form-data; name="file"; filename="a"'

    assert asyncio.run(receive_content(form(part(b"eHg=", disposition, header)))) == b"eHg="


@pytest.mark.parametrize(
    "body",
    [
        b"",
        END,
        form(field_part(b"x")),
        form(field_part(b"a file without a filename", name=b"file")),
        form(file_part(b"", filename=b"")),
        form(file_part(b"x", name=b"other")),
        form(part(b"x", b"Content-Disposition: form-data")),
    ],
)
def test_a_body_without_a_file_is_told_so(body: bytes, spool: Path) -> None:
    with pytest.raises(NoFile) as refusal:
        asyncio.run(receive(body))

    assert refusal.value.detail == "No file uploaded"
    assert files_below(spool) == []


def test_a_request_without_a_content_type_has_no_file() -> None:
    with pytest.raises(NoFile):
        asyncio.run(receive(b"", content_type=""))
