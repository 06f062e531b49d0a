"""Texts of other servers on their way into an answer, none of them held longer than it must be."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, AsyncIterator, Iterator

from processing.fanout.fetch import Fetched

#: A text goes out in pieces of about so many characters: whole it would be there three times, as
#: text, as JSON and as bytes.
PIECE_CHARACTERS = 32_768


async def in_order(
    outcomes: AsyncIterator[tuple[int, Fetched]],
) -> AsyncGenerator[tuple[int, Fetched], None]:
    """The outcomes by their indexes, each as soon as those before it were taken."""
    waiting: dict[int, Fetched] = {}
    next_index = 0
    async for index, outcome in outcomes:
        waiting[index] = outcome
        del outcome
        while next_index in waiting:
            yield next_index, waiting.pop(next_index)
            next_index += 1


def write_text(outcome: Fetched, *, after: str) -> Iterator[str]:
    """The outcome's text as a JSON string, or null, in pieces; what it comes `after` goes along."""
    if outcome.body is None:
        yield f"{after}null"
        return
    text = f'{after}"'
    for piece in outcome.iterate_text():
        text += json.dumps(piece)[1:-1]
        if len(text) >= PIECE_CHARACTERS:
            yield text
            text = ""
    yield f'{text}"'
