"""One URL followed to its answer: redirects by hand, and further attempts where one may help."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import aiohttp
from django.conf import settings

from processing.fanout.bodies import PIECE_BYTES, Body, read_body, too_large
from processing.fanout.failures import FailureCode, FetchFailed, forget_frames
from processing.fanout.hosts import is_allowed_host
from processing.fanout.patience import Room, Wait
from processing.fanout.retries import (
    LEAST_ATTEMPT_SECONDS,
    MOST_ATTEMPTS,
    MOST_RETRY_AFTER_SECONDS,
    PASSING_STATUSES,
    is_passing,
    pick_wait,
)
from processing.fanout.targets import Target, resolve_redirect

# From http to https, to the canonical name, to the page: three. A longer chain is most likely a
# loop.
MAX_REDIRECT_COUNT = 5
REDIRECTS = frozenset((301, 302, 303, 307, 308))
#: Their Content-Length is not that of this answer (RFC 9110 section 8.6).
BODILESS = frozenset((204, 304))


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What an upstream answered in the end."""

    status: int
    content_type: str | None
    body: Body


class _TryAgain(Exception):
    """The answer says that another attempt may do better, and there is time for it."""

    def __init__(self, wait_seconds: float) -> None:
        self.wait_seconds = wait_seconds
        super().__init__()


class Exchange:
    """The attempts for one URL, which has its slot until they are over.

    Who gave the slot up while it waits would queue behind those that may wait for its body to be
    sent. `room` is asked before a body is read, and told when it is forgotten.
    """

    def __init__(self, session: aiohttp.ClientSession, room: Room, wait: Wait) -> None:
        self._session = session
        self._room = room
        self._wait = wait
        self._attempt = 0

    async def run(self, target: Target) -> Answer:
        """The last attempt's answer. Raises FetchFailed and what the HTTP client raises."""
        while True:
            self._attempt += 1
            try:
                return await self._follow(target)
            except _TryAgain as again:
                wait_seconds = again.wait_seconds
            except Exception as error:
                wait_seconds = pick_wait(self._attempt)
                if not is_passing(error) or not self._has_time(wait_seconds):
                    raise
                forget_frames(error)
            self._room.drop()
            await asyncio.sleep(wait_seconds)

    def _has_time(self, wait_seconds: float) -> bool:
        """Whether one more attempt may be made after that wait."""
        return (
            self._attempt < MOST_ATTEMPTS
            and wait_seconds <= MOST_RETRY_AFTER_SECONDS
            and wait_seconds + LEAST_ATTEMPT_SECONDS <= self._wait.left_seconds
        )

    async def _follow(self, target: Target) -> Answer:
        """Follow `target` to its answer; every hop is checked like the first."""
        for _ in range(MAX_REDIRECT_COUNT + 1):
            if not is_allowed_host(target.host):
                raise FetchFailed(
                    FailureCode.HOST_NOT_ALLOWED,
                    "The host, or one that it redirects to, is not in EXTERNAL_ALLOWED_HOSTS.",
                )
            async with self._session.get(target.request_url, allow_redirects=False) as response:
                location = _find_location(response)
                if location is None:
                    return await self._read(response)
            target = resolve_redirect(target, location)
        raise FetchFailed(
            FailureCode.TOO_MANY_REDIRECTS, f"It redirects more than {MAX_REDIRECT_COUNT} times."
        )

    async def _read(self, response: aiohttp.ClientResponse) -> Answer:
        if response.status in PASSING_STATUSES:
            wait_seconds = pick_wait(self._attempt, response.headers.get("Retry-After", ""))
            if self._has_time(wait_seconds):
                raise _TryAgain(wait_seconds)
        limit_bytes = settings.FANOUT_MAX_RESPONSE_BYTES
        coding = _find_coding(response)
        size_bytes = limit_bytes
        length_bytes = response.content_length
        if length_bytes is not None and not coding and response.status not in BODILESS:
            size_bytes = length_bytes
            if size_bytes > limit_bytes:
                raise too_large(limit_bytes)
        await self._room.hold(size_bytes)
        chunks = response.content.iter_chunked(PIECE_BYTES)
        body = await read_body(chunks, coding, limit_bytes=limit_bytes)
        self._room.settle(body.length_bytes)
        return Answer(
            status=response.status,
            content_type=_clean(response.headers.get("Content-Type")),
            body=body,
        )


def _find_location(response: aiohttp.ClientResponse) -> str | None:
    """Where a redirect leads to; None for any other answer."""
    return response.headers.get("Location") if response.status in REDIRECTS else None


def _find_coding(response: aiohttp.ClientResponse) -> str:
    """What the body is compressed with; as a transfer coding it is the same to us."""
    headers = response.headers
    values = [*headers.getall("Content-Encoding", ()), *headers.getall("Transfer-Encoding", ())]
    codings = [coding.strip() for coding in ",".join(values).split(",")]
    return ", ".join(coding for coding in codings if coding.lower() not in ("", "chunked"))


def _clean(value: str | None) -> str | None:
    """A header's value as text that any program takes: what is not UTF-8 becomes U+FFFD."""
    return value and value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
