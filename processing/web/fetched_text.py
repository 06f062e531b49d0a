"""Texts of other servers on their way into an answer, none of them held longer than it must be."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Iterable, Iterator
from typing import TypeAlias

import orjson

from processing.fanout.charsets import SLICE_BYTES
from processing.fanout.fetched import Fetched
from processing.fanout.outcomes import Outcomes
from processing.uploads.disk import CHUNK_BYTES

#: With the slice behind it, a piece of plain text is sent as one of CHUNK_BYTES.
PIECE_BYTES = CHUNK_BYTES - SLICE_BYTES
#: What ends a line for str.splitlines and what reads by it (httpx's iter_lines) and is no control
#: character that JSON escapes anyway, in UTF-8 and escaped: U+0085, U+2028 and U+2029.
LINE_ENDS = (
    (b"\xc2\x85", rb"\u0085"),
    (b"\xe2\x80\xa8", rb"\u2028"),
    (b"\xe2\x80\xa9", rb"\u2029"),
)
#: Outcomes that may be written now, by their indexes. Whoever takes one from it has it alone.
Ready: TypeAlias = deque[tuple[int, Fetched]]


async def together(outcomes: Outcomes) -> AsyncGenerator[Ready, None]:
    """The outcomes as they complete, all those at once that have."""
    ready: Ready = deque()
    async for outcome in outcomes:
        ready.append(outcome)
        del outcome
        if not outcomes.are_ready:
            yield ready


async def in_order(outcomes: Outcomes) -> AsyncGenerator[Ready, None]:
    """The outcomes by their indexes, each as soon as those before it were taken, all those at once
    that may be."""
    waiting: dict[int, Fetched] = {}
    ready: Ready = deque()
    next_index = 0
    async for completed in together(outcomes):
        while completed:
            index, waiting[index] = completed.popleft()
        while next_index in waiting:
            ready.append((next_index, waiting.pop(next_index)))
            next_index += 1
        if ready:
            yield ready


def write_text(outcome: Fetched, *, after: bytes, on_one_line: bool = False) -> Iterator[bytes]:
    """The outcome's text as a JSON string, or null, in slices; what it comes `after` goes along.

    `on_one_line`: with nothing in it that anybody takes for the end of a line.
    """
    if outcome.body is None:
        yield after + b"null"
        return
    yield after + b'"'
    for text in outcome.iterate_text():
        written = orjson.dumps(text)[1:-1]
        yield _escape_line_ends(written) if on_one_line and not text.isascii() else written
    yield b'"'


def _escape_line_ends(written: bytes) -> bytes:
    for line_end, escape in LINE_ENDS:
        written = written.replace(line_end, escape)
    return written


def gather(slices: Iterable[bytes]) -> Iterator[bytes]:
    """The slices joined to pieces of PIECE_BYTES and little more: each piece costs a turn of the
    server, and a text that goes out whole would be there three times, as text, JSON and answer."""
    gathered: list[bytes] = []
    size_bytes = 0
    for each in slices:
        gathered.append(each)
        size_bytes += len(each)
        if size_bytes >= PIECE_BYTES:
            yield b"".join(gathered)
            gathered.clear()
            size_bytes = 0
    if gathered:
        yield b"".join(gathered)
