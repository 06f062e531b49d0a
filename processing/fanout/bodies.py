"""Answer bodies, read with a cap on what arrives and on what it inflates to."""

from __future__ import annotations

import zlib

import httpx

from processing.fanout.failures import FailureCode, FetchFailed

# wbits for a gzip header and trailer around the deflate stream (zlib.h, inflateInit2).
GZIP_WBITS = 31


async def read_body(response: httpx.Response, *, limit_bytes: int) -> bytearray:
    """Read the whole body of a streamed `response`, inflated if it is gzip.

    At most `limit_bytes` are held, and no more than one byte past it is ever inflated: httpx
    itself would turn 1.8 kB into 2 GB. Raises FetchFailed: `response_too_large` past the limit,
    raw or inflated; `bad_response` for a coding that we did not ask for and for gzip that is
    corrupt, cut short, or followed by more data.
    """
    inflater = _pick_inflater(response.headers.get("Content-Encoding", ""))
    body = bytearray()
    raw_bytes = 0
    async for chunk in response.aiter_raw():
        raw_bytes += len(chunk)
        body += _inflate(inflater, chunk, limit_bytes + 1 - len(body)) if inflater else chunk
        if max(raw_bytes, len(body)) > limit_bytes:
            raise FetchFailed(
                FailureCode.RESPONSE_TOO_LARGE,
                f"The answer is larger than {limit_bytes} bytes (FANOUT_MAX_RESPONSE_BYTES).",
            )
    if inflater and raw_bytes and not inflater.eof:
        raise FetchFailed(FailureCode.BAD_RESPONSE, "The answer's gzip body is cut short.")
    return body


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


def _inflate(inflater: zlib._Decompress, chunk: bytes, limit_bytes: int) -> bytes:
    try:
        inflated = inflater.decompress(chunk, limit_bytes)
    except zlib.error as error:
        raise FetchFailed(FailureCode.BAD_RESPONSE, "The answer's gzip body is corrupt.") from error
    if inflater.unused_data:
        raise FetchFailed(
            FailureCode.BAD_RESPONSE, "The answer's gzip body is followed by more data."
        )
    return inflated
