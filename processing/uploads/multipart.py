"""A multipart/form-data body, received as a stream: its one file goes to the spool."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import TypeAlias
from urllib.parse import unquote

from multipart import (  # type: ignore[import-untyped]
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
    parse_options_header,
)

from processing.errors import BadMultipart, NoFile
from processing.uploads.admission import check_file_size, check_length
from processing.uploads.handler import SpooledFile
from processing.uploads.space import CountElsewhere, count_nothing, promise_space
from processing.uploads.writer import SpoolWriter

_EXTENDED_FILENAME = re.compile(
    r"; *filename\* *= *(utf-8|iso-8859-1)'[^']*'([^ ;]*)", re.ASCII | re.IGNORECASE
)
"""As RFC 8187 section 3.2 writes it: a charset, a language, and percent-encoded text."""

PART_MAX_COUNT = 100
"""Parts of one form, the file among them. Forms have a few."""

FIELD_MAX_BYTES = 64 * 1024
"""The length of a part that is not the file; such parts are dropped."""

FRAME_MAX_BYTES = 1024 * 1024
"""What a body holds outside of its parts' contents: what goes before the first boundary and after
the last, and the parts' headers, of which PART_MAX_COUNT may have 10 KiB each."""

BOUNDARY_MAX_CHARACTERS = 200
"""RFC 2046 section 5.1.1 allows 70; some clients send more."""

WITHOUT_FILES = ("", "application/x-www-form-urlencoded")
"""What clients send that were given no file: nothing, or a form of plain fields."""

ParserEvent: TypeAlias = MultipartSegment | bytes | None
"""A part begins; bytes of that part; the part ends."""


async def receive_upload(
    chunks: AsyncIterator[bytes],
    content_type: str,
    content_length: int | None,
    *,
    field_name: str = "file",
    count_elsewhere: CountElsewhere = count_nothing,
) -> SpooledFile:
    """Read a body to its end and return the file in its part `field_name`.

    content_length is None for a chunked body; `count_elsewhere` tells what else takes room in the
    store. The caller closes the returned file. Raises
    BadMultipart, NoFile, UploadTooLarge (as soon as a limit is passed), DiskFull, and whatever
    `chunks` raises; after any of them, and after a cancellation, no file is left.
    """
    check_length(content_length)
    boundary = _read_boundary(content_type)
    async with promise_space(content_length, count_elsewhere) as promise:
        writer = SpoolWriter(promise)
        form = _Form(field_name, writer)
        try:
            await _read_body(chunks, _make_parser(boundary, content_length), form)
            return form.get_file()
        except BaseException:
            await writer.discard()
            raise


def _read_boundary(content_type: str) -> str:
    media_type, options = parse_options_header(content_type)
    if media_type in WITHOUT_FILES:
        raise NoFile
    if media_type != "multipart/form-data":
        raise BadMultipart("The Content-Type must be multipart/form-data; boundary=...")
    boundary: str = options.get("boundary", "")
    if not boundary:
        raise BadMultipart("The Content-Type multipart/form-data names no boundary.")
    if len(boundary) > BOUNDARY_MAX_CHARACTERS or not (
        boundary.isascii() and boundary.isprintable()
    ):
        raise BadMultipart(
            f"The boundary must be at most {BOUNDARY_MAX_CHARACTERS} printable ASCII characters."
        )
    return boundary


def _make_parser(boundary: str, content_length: int | None) -> PushMultipartParser:
    return PushMultipartParser(
        boundary,
        content_length=-1 if content_length is None else content_length,
        max_segment_count=PART_MAX_COUNT,
        # Every byte is a character here, so no header fails to decode; see _decode.
        header_charset="latin-1",
    )


async def _read_body(
    chunks: AsyncIterator[bytes], parser: PushMultipartParser, form: _Form
) -> None:
    body_bytes = 0
    try:
        async for chunk in chunks:
            body_bytes += len(chunk)
            check_length(body_bytes)
            if chunk:  # an empty one would tell the parser that the body ends
                for event in parser.parse(chunk):
                    await form.take(event)
                form.check_frame(body_bytes)
    except MultipartError as error:
        raise BadMultipart(f"The multipart body is broken: {error.args[0]}.") from error
    if not body_bytes:
        raise NoFile
    try:
        parser.close()
    except MultipartError as error:
        raise BadMultipart("The body ended before its closing boundary.") from error


class _Form:
    """Takes the parser's events: the file goes to the writer, any other part is dropped."""

    def __init__(self, field_name: str, writer: SpoolWriter) -> None:
        self._field_name = field_name
        self._writer = writer
        self._segment: MultipartSegment | None = None
        self._is_in_file = False
        self._content_bytes = 0
        self._file: SpooledFile | None = None

    def get_file(self) -> SpooledFile:
        """The file, once the body has been read; NoFile if it had none."""
        if self._file is None:
            raise NoFile
        return self._file

    def check_frame(self, body_bytes: int) -> None:
        """Raise BadMultipart if too much of what came is no part's content."""
        if body_bytes - self._content_bytes > FRAME_MAX_BYTES:
            raise BadMultipart(
                f"More than {FRAME_MAX_BYTES} bytes are not the content of a part: they come "
                "before the first boundary, after the last, or in headers."
            )

    async def take(self, event: ParserEvent) -> None:
        if isinstance(event, bytes):
            await self._take_bytes(event)
        elif event is not None:
            await self._start_part(event)
        elif self._is_in_file:
            self._is_in_file = False
            self._file = await self._writer.finish()

    async def _start_part(self, segment: MultipartSegment) -> None:
        self._segment = segment
        # A browser sends an empty filename where no file was chosen.
        filename = _read_filename(segment)
        if _decode(segment.name or "") != self._field_name or not filename:
            return
        if self._file is not None:
            raise BadMultipart(f"One file is taken per request; '{self._field_name}' came twice.")
        self._is_in_file = True
        await self._writer.start(segment, filename)

    async def _take_bytes(self, data: bytes) -> None:
        assert self._segment is not None
        self._content_bytes += len(data)
        if self._is_in_file:
            check_file_size(self._segment.bytes_received)
            await self._writer.write(data)
        elif self._segment.bytes_received > FIELD_MAX_BYTES:
            raise BadMultipart(
                f"A part other than the file '{self._field_name}' is longer than "
                f"{FIELD_MAX_BYTES} bytes."
            )


def _read_filename(segment: MultipartSegment) -> str:
    """The name of a part's file, empty without one.

    RFC 7578 section 4.2 has no `filename*`, and clients such as urllib3 before 1.25 send nothing
    else for a name that is not ASCII.
    """
    if segment.filename:
        return _decode(segment.filename)
    extended = _EXTENDED_FILENAME.search(segment.header("Content-Disposition", ""))
    return unquote(extended[2], extended[1]) if extended else ""


def _decode(header_text: str) -> str:
    """Header text is UTF-8 (RFC 7578 section 5.1); what is not becomes U+FFFD."""
    return header_text.encode("latin-1").decode("utf-8", "replace")
