"""Multipart bodies for the tests, and streams that hand them over."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

from processing.uploads.handler import SpooledFile
from processing.uploads.multipart import receive_upload

BOUNDARY = "----TestBoundary7MA4YWxkTrZu0gW"
CONTENT_TYPE = f"multipart/form-data; boundary={BOUNDARY}"
END = f"--{BOUNDARY}--\r\n".encode()


def part(content: bytes, *header_lines: bytes) -> bytes:
    return b"\r\n".join([f"--{BOUNDARY}".encode(), *header_lines, b"", content, b""])


def file_part(content: bytes, filename: bytes = b"a.txt", name: bytes = b"file") -> bytes:
    disposition = b'Content-Disposition: form-data; name="%s"; filename="%s"' % (name, filename)
    return part(content, disposition, b"Content-Type: text/plain")


def field_part(content: bytes, name: bytes = b"note") -> bytes:
    return part(content, b'Content-Disposition: form-data; name="%s"' % name)


def form(*parts: bytes) -> bytes:
    return b"".join(parts) + END


async def stream(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


def split(body: bytes, size_bytes: int) -> list[bytes]:
    return [body[start : start + size_bytes] for start in range(0, len(body), size_bytes)]


async def receive(
    *chunks: bytes, content_type: str = CONTENT_TYPE, length: int | None = None
) -> SpooledFile:
    return await receive_upload(stream(chunks), content_type, length)


async def receive_content(*chunks: bytes) -> bytes:
    with await receive(*chunks) as spooled:
        return spooled.read()
