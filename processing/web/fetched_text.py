"""Texts of other servers on their way into an answer, none of them held longer than it must be."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncGenerator, Iterable, Iterator
from json.encoder import encode_basestring_ascii
from typing import TypeAlias

from processing.fanout.fetched import Fetched
from processing.fanout.outcomes import Outcomes

PIECE_CHARACTERS = 32_768
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


def write_text(outcome: Fetched, *, after: str) -> Iterator[str]:
    """The outcome's text as a JSON string, or null, in slices; what it comes `after` goes along."""
    if outcome.body is None:
        yield f"{after}null"
        return
    yield f'{after}"'
    for text in outcome.iterate_text():
        yield encode_basestring_ascii(text)[1:-1]
    yield '"'


def gather(slices: Iterable[str]) -> Iterator[bytes]:
    """The slices joined to pieces of about PIECE_CHARACTERS: each piece costs a turn of the server,
    and a text that goes out whole would be there three times, as text, as JSON and as bytes."""
    text = ""
    for each in slices:
        text += each
        if len(text) >= PIECE_CHARACTERS:
            yield text.encode()
            text = ""
    if text:
        yield text.encode()
