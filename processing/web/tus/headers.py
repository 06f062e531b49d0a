"""The headers of a tus request, read strictly: what makes no sense is a 400."""

from __future__ import annotations

import base64
import binascii
import re

from processing.errors import InvalidHeader, UnsupportedMediaType
from processing.web.request import ApiRequest

CONTENT_TYPE = "application/offset+octet-stream"

#: Any length that a file can have, and that the database's whole numbers hold.
WHOLE_NUMBER = re.compile(r"[0-9]{1,18}")


def read_offset(request: ApiRequest) -> int:
    """Upload-Offset, in bytes. Raises InvalidHeader."""
    offset = _read_number(request, "Upload-Offset")
    if offset is None:
        raise InvalidHeader("Upload-Offset is missing; send the offset at which the body begins.")
    return offset


def read_length(request: ApiRequest) -> int | None:
    """Upload-Length in bytes, None without one. Raises InvalidHeader."""
    return _read_number(request, "Upload-Length")


def read_new_length(request: ApiRequest) -> int | None:
    """The length of a new upload in bytes, None where it is deferred. Raises InvalidHeader."""
    length = read_length(request)
    deferred = read_header(request, "Upload-Defer-Length")
    if deferred not in {None, "1"}:
        raise InvalidHeader("Upload-Defer-Length must be 1, or not there.")
    if (length is None) == (deferred is None):
        raise InvalidHeader("Send either Upload-Length or Upload-Defer-Length: 1.")
    return length


def check_content_type(request: ApiRequest) -> None:
    """Raise UnsupportedMediaType unless the body is a piece of a file."""
    if not has_piece(request):
        raise UnsupportedMediaType(
            f"The Content-Type is {(request.content_type or '')[:100]!r}; send {CONTENT_TYPE}."
        )


def has_piece(request: ApiRequest) -> bool:
    """Whether the body is said to be a piece of a file."""
    return (request.content_type or "").lower() == CONTENT_TYPE


def read_header(request: ApiRequest, name: str) -> str | None:
    """A header's value without the space around it, None where it was not sent."""
    value = request.META.get(f"HTTP_{name.upper().replace('-', '_')}")
    return None if value is None else value.strip()


def decode_base64(text: str, name: str) -> bytes:
    """The bytes that a value of the header `name` stands for. Raises InvalidHeader."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:  # ValueError: not ASCII
        raise InvalidHeader(f"{name} has a value that is not Base64: {text[:100]!r}.") from error


def _read_number(request: ApiRequest, name: str) -> int | None:
    text = read_header(request, name)
    if text is None:
        return None
    if not WHOLE_NUMBER.fullmatch(text):
        raise InvalidHeader(f"{name} is {text[:100]!r}; send a whole number of bytes.")
    return int(text)
