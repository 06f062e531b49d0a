"""Upload-Metadata: what a client says of its file."""

from __future__ import annotations

from dataclasses import dataclass

from processing.errors import InvalidHeader
from processing.uploads.filename import clean_filename, clean_media_type
from processing.web.request import ApiRequest
from processing.web.tus.headers import decode_base64, read_header

NAME = "Upload-Metadata"


@dataclass(frozen=True, kw_only=True)
class Metadata:
    """What of Upload-Metadata means something here.

    `header` is all of it as it was sent, "" where it was not.
    """

    header: str
    filename: str
    media_type: str
    processor: str | None


def read_metadata(request: ApiRequest) -> Metadata:
    """Keys `filename`, `filetype` and `processor`; others are kept and shown, no more.

    Raises InvalidHeader for what is no list of unique keys with Base64 values.
    """
    header = read_header(request, NAME) or ""
    values = _read_values(header)
    return Metadata(
        header=header,
        filename=clean_filename(values.get("filename", "")),
        media_type=clean_media_type(values.get("filetype", "")),
        processor=values.get("processor"),
    )


def _read_values(header: str) -> dict[str, str]:
    values: dict[str, str] = {}
    if not (header.isascii() and header.isprintable()):
        raise InvalidHeader(f"{NAME} must be printable ASCII.")
    for pair in header.split(",") if header else ():
        key, _, value = pair.strip().partition(" ")
        if not key or key in values:
            raise InvalidHeader(f"{NAME} has {'a key twice' if key else 'an empty key'}.")
        values[key] = decode_base64(value.strip(), NAME).decode("utf-8", "replace")
    return values
