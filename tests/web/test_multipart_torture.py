"""Forms that nobody means well with, over the wire: answered right, soon, and nothing is left."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import repeat
from uuid import UUID

import httpx
import pytest

from processing.memory.usage import read_proportional_bytes
from tests.service import Service, wait_for
from tests.web.wire import CHUNK_BYTES, read_answer, write_head

MIB = 1024 * 1024
FORM = "multipart/form-data; boundary=b"
DISPOSITION = b'Content-Disposition: form-data; name="file"; filename="a"'
PART = b"--b\r\n" + DISPOSITION + b"\r\n\r\n"
END = b"\r\n--b--\r\n"
FIELD = b'--b\r\nContent-Disposition: form-data; name="f"\r\n\r\nx\r\n'
INNER = b"--i\r\nContent-Disposition: file; filename=x\r\n\r\nx\r\n--i--\r\n"
NESTED = b'--b\r\nContent-Disposition: form-data; name="file"%b\r\nContent-Type: multipart/mixed; '
NESTED += b"boundary=i\r\n\r\n" + INNER + END

SOON_SECONDS = 10.0
ADDED_MOST_BYTES = 12 * MIB
#: What nobody takes ends at the latest here.
ENDLESS_BYTES = 64 * MIB
ENDLESS = [b"e" * CHUNK_BYTES] * (ENDLESS_BYTES // CHUNK_BYTES)


def headers(*lines: bytes) -> bytes:
    return b"--b\r\n" + b"\r\n".join([DISPOSITION, *lines]) + b"\r\n\r\n"


#: Content-Type, the pieces of the body, and what it is answered.
CASES: dict[str, tuple[str, Iterable[bytes], int]] = {
    "no boundary": ("multipart/form-data", [PART, END], 400),
    "a boundary of 300": ("multipart/form-data; boundary=" + "b" * 300, [PART, END], 400),
    "nested in a file": (FORM, [NESTED % b'; filename="n"'], 202),
    "nested files of RFC 2388": (FORM, [NESTED % b""], 400),
    "10,000 parts": (FORM, [*repeat(FIELD, 10_000), PART, END], 400),
    "10,000 headers": (FORM, [headers(*repeat(b"X-A: a", 10_000)), END], 400),
    "a header without end": (FORM, [b"--b\r\nX-A: ", *ENDLESS], 400),
    "headers without end": (FORM, [b"--b\r\n", *[b"X-A: a\r\n" * 1000] * 1000], 400),
    "two files": (FORM, [PART, b"x\r\n", PART, b"x", END], 400),
    "a charset of nobody": (FORM, [headers(b"Content-Type: text/plain; charset=no"), END], 202),
    "a part that lies": (FORM, [headers(b"Content-Length: 5"), b"x", END], 400),
    "a name of 10 kB": (FORM, [PART.replace(b'"a"', b'"%b"' % (b"n" * 10_000)), END], 400),
    "preamble without end": (FORM, ENDLESS, 400),
    "line breaks without end": (FORM, [b"\r\n" * (CHUNK_BYTES // 2)] * 1000, 400),
    "epilogue without end": (FORM, [PART, b"x", END, *ENDLESS], 400),
    "a field without end": (FORM, [FIELD[:-2], *ENDLESS], 400),
    "nearly the boundary": (FORM, [PART, *repeat(b"\r\n--a\r\n-\r" * 8000, 100), END], 202),
    "nothing but returns": (FORM, [PART, *repeat(b"\r" * CHUNK_BYTES, 100), END], 202),
    "no end": (FORM, [PART, b"x"], 400),
    "half an end": (FORM, [PART, b"x\r\n--b"], 400),
}


def send_chunked(service: Service, content_type: str, pieces: Iterable[bytes]) -> int:
    """Send as far as the other side takes it; the status of the answer."""
    head = write_head(
        "POST", "/upload_file", Content_Type=content_type, Transfer_Encoding="chunked"
    )
    with service.connect() as connection:
        connection.sendall(head)
        with suppress(ConnectionError):
            for piece in pieces:
                connection.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
            connection.sendall(b"0\r\n\r\n")
        return read_answer(connection, "POST").status


@pytest.mark.parametrize("name", CASES)
def test_it_is_answered_soon_and_leaves_nothing(service: Service, name: str) -> None:
    content_type, pieces, status = CASES[name]
    before, before_bytes = len(service.find_spooled()), read_proportional_bytes(service.worker.pid)
    began_at = time.monotonic()
    assert send_chunked(service, content_type, pieces) == status
    assert time.monotonic() - began_at < SOON_SECONDS
    kept = 1 if status == 202 else 0
    wait_for(lambda: len(service.find_spooled()) == before + kept, 5, "a file was left")
    assert read_proportional_bytes(service.worker.pid) < before_bytes + ADDED_MOST_BYTES


@pytest.mark.parametrize("chunk_bytes", [1, 2, 3, 7])
def test_a_body_in_tiny_chunks_is_taken_in_little_memory(
    service: Service, chunk_bytes: int
) -> None:
    content = PART + b"0123456789" * 10_000 + END
    tiny = (content[at : at + chunk_bytes] for at in range(0, len(content), chunk_bytes))
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in tiny) + b"0\r\n\r\n"
    head = write_head("POST", "/upload_file", Content_Type=FORM, Transfer_Encoding="chunked")
    before_bytes = read_proportional_bytes(service.worker.pid)
    with service.connect() as connection:
        connection.sendall(head + body)
        assert read_answer(connection, "POST").status == 202
    assert read_proportional_bytes(service.worker.pid) < before_bytes + ADDED_MOST_BYTES


NAMES = {
    "a" * 3000 + ".txt": "a" * 196 + ".txt",
    "../../../etc/passwd": "passwd",
    "..\\..\\boot.ini": "boot.ini",
    "\u202etxt.exe": "txt.exe",
    "a\u2066b\u2069\u200f\ufeff.pdf": "ab.pdf",
    "bell\x07 tab\t del\x7f.txt": "bell tab del.txt",
    "\x00": "upload",
}


@pytest.mark.parametrize(
    "sent", NAMES, ids=["long", "path", "windows", "bidi", "marks", "control", "nul"]
)
def test_a_name_of_any_kind_is_kept_harmless(
    service: Service, client: httpx.Client, sent: str
) -> None:
    body = PART.replace(b'filename="a"', b'filename="%b"' % sent.encode()) + b"x" + END
    response = client.post("/upload_file", content=body, headers={"Content-Type": FORM})
    assert response.status_code == 202, response.text
    key = UUID(response.json()["upload_id"]).hex
    kept = service.query("SELECT filename FROM processing_upload WHERE id = ?", key)
    assert kept == [(NAMES[sent],)]


def test_a_boundary_on_every_edge_of_a_read_is_found(client: httpx.Client) -> None:
    for shift in range(-12, 3):
        content = b"x" * (CHUNK_BYTES + shift)

        def stream(content: bytes = content) -> Iterator[bytes]:
            yield PART + content
            yield END

        response = client.post("/upload_file", content=stream(), headers={"Content-Type": FORM})
        assert response.json()["bytes"] == len(content)
