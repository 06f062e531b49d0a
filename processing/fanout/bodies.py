"""Answer bodies, read with a cap on what arrives and on what it inflates to."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterable, Iterator

from processing.fanout.failures import FailureCode, FetchFailed

# wbits for a gzip header and trailer around the deflate stream (zlib.h, inflateInit2).
GZIP_WBITS = 31
#: So much is inflated at once.
PIECE_BYTES = 16_384
#: The longest byte order mark, UTF-8's.
MARK_BYTES = 3


class Body:
    """The bytes of an answer in pieces of about one size: one that grows leaves holes behind."""

    def __init__(self) -> None:
        self.length_bytes = 0
        self.pieces: list[bytearray] = []

    @property
    def beginning(self) -> bytes:
        """The first bytes, enough for a byte order mark; a piece may have one byte."""
        return b"".join(bytes(piece[:MARK_BYTES]) for piece in self.pieces[:MARK_BYTES])

    def add(self, data: bytes) -> None:
        """Append `data`; what comes bit by bit is joined, for each piece costs something too."""
        if self.pieces and len(self.pieces[-1]) + len(data) <= PIECE_BYTES:
            self.pieces[-1] += data
        elif data:
            self.pieces.append(bytearray(data))
        self.length_bytes += len(data)


async def read_body(
    chunks: AsyncIterable[bytes],
    coding: str,
    *,
    limit_bytes: int,
) -> Body:
    """Read a whole body as it arrives, inflated if its Content-Encoding is gzip.

    At most `limit_bytes` are held, and hardly more is ever inflated: 1.8 kB may be 2 GB.
    Raises FetchFailed: `response_too_large` past the limit, raw or inflated;
    `bad_response` for a coding that we did not ask for and for gzip that is corrupt, cut short, or
    followed by more data.
    """
    inflater = _pick_inflater(coding)
    body = Body()
    raw_bytes = 0
    async for chunk in chunks:
        raw_bytes += len(chunk)
        for piece in _inflate(inflater, chunk) if inflater else (chunk,):
            if max(raw_bytes, body.length_bytes + len(piece)) > limit_bytes:
                raise too_large(limit_bytes)
            body.add(piece)
    if inflater and raw_bytes and not inflater.eof:
        raise FetchFailed(FailureCode.BAD_RESPONSE, "The answer's gzip body is cut short.")
    return body


def too_large(limit_bytes: int) -> FetchFailed:
    """The failure of an answer that is longer than that."""
    return FetchFailed(
        FailureCode.RESPONSE_TOO_LARGE,
        f"The answer is larger than {limit_bytes} bytes (FANOUT_MAX_RESPONSE_BYTES).",
    )


def _pick_inflater(coding: str) -> zlib._Decompress | None:
    match coding.strip().lower():
        case "" | "identity":
            return None
        case "gzip" | "x-gzip":
            return zlib.decompressobj(wbits=GZIP_WBITS)
        case _:
            raise FetchFailed(
                FailureCode.BAD_RESPONSE,
                "The answer has a Content-Encoding other than gzip, which was not asked for.",
            )


def _inflate(inflater: zlib._Decompress, chunk: bytes) -> Iterator[bytes]:
    """What `chunk` inflates to, never more than PIECE_BYTES of it at once."""
    while True:
        try:
            piece = inflater.decompress(chunk, PIECE_BYTES)
        except zlib.error as error:
            raise FetchFailed(
                FailureCode.BAD_RESPONSE, "The answer's gzip body is corrupt."
            ) from error
        if inflater.unused_data:
            raise FetchFailed(
                FailureCode.BAD_RESPONSE, "The answer's gzip body is followed by more data."
            )
        yield piece
        chunk = inflater.unconsumed_tail
        if not chunk and len(piece) < PIECE_BYTES:
            return
