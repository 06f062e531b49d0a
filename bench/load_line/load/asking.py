"""The three requests of the load, each as one call that gives an Answer. Bodies are never kept."""

from __future__ import annotations

import asyncio
import errno
import json
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import aiohttp

from bench.load_line.ends import name_job
from bench.load_line.kinds import choose_kind
from bench.load_line.load.tally import Answer
from bench.load_line.sizes import Sizes
from bench.load_line.work import BLOCK, BLOCK_BYTES

Read = Callable[[aiohttp.ClientResponse], Awaitable[Answer]]

#: A connection is given up when nothing moves on it for so long, in seconds.
CONNECT_SECONDS, QUIET_SECONDS = 10.0, 60.0
READ_BYTES = 256 * 1024
#: Of an answer that was not asked for, this much is read, in bytes.
PROBLEM_BYTES = 4_096
#: Of an answer to a fan-out, the last so many bytes are kept: Plimsoll says there how each URL did.
END_BYTES = 16_384
URL_ERROR = re.compile(rb'"code": "(\w+)"')
BOUNDARY = b"load-line-0123456789"
UPLOAD_HEAD = (
    b"--" + BOUNDARY + b'\r\nContent-Disposition: form-data; name="file"; filename="load.bin"\r\n'
    b"Content-Type: application/octet-stream\r\n\r\n"
)
UPLOAD_END = b"\r\n--" + BOUNDARY + b"--\r\n"


def open_session() -> aiohttp.ClientSession:
    """Each request has a connection of its own: one that a server closes just when it is used
    again would look like a failure of the server's."""
    timeout = aiohttp.ClientTimeout(
        total=None, sock_connect=CONNECT_SECONDS, sock_read=QUIET_SECONDS
    )
    connector = aiohttp.TCPConnector(limit=0, force_close=True)
    return aiohttp.ClientSession(connector=connector, timeout=timeout, read_bufsize=READ_BYTES)


@dataclass(frozen=True, kw_only=True)
class Target:
    """A system, as its clients see it."""

    session: aiohttp.ClientSession
    url: str
    upstream: str
    sizes: Sizes

    async def post(self, index: int) -> Answer:
        """Post the job with this number."""
        body = json.dumps({"index": index, "padding": ""}).encode()
        body = body[:-2] + b"p" * (self.sizes.post_kb * 1000 - len(body)) + body[-2:]
        return await self._ask(
            "POST",
            f"/process_data?processor={choose_kind(index)}",
            read_accepted,
            headers={"Content-Type": "application/json"},
            data=body,
        )

    async def upload(self, index: int) -> Answer:
        """Send one file, made while it is sent."""
        size_bytes = self.sizes.upload_kb * 1000
        headers = {
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY.decode()}",
            "Content-Length": str(len(UPLOAD_HEAD) + size_bytes + len(UPLOAD_END)),
        }
        path = "/upload_file?processor=load_check"
        return await self._ask(
            "POST", path, read_accepted, headers=headers, data=make_form(size_bytes)
        )

    async def fan_out(self, index: int) -> Answer:
        """Have URLs asked, and read what they answered, without keeping it."""
        urls = [f"{self.upstream}/{index}/{number}" for number in range(self.sizes.url_count)]
        least_bytes = self.sizes.url_count * self.sizes.url_kb * 1000
        query = urlencode([("url", url) for url in urls])

        async def read(response: aiohttp.ClientResponse) -> Answer:
            size_bytes, end = 0, b""
            async for piece in response.content.iter_any():
                size_bytes += len(piece)
                end = (end + piece)[-END_BYTES:]
            return Answer(seconds=0.0, failure="" if size_bytes >= least_bytes else explain(end))

        return await self._ask("GET", f"/get_external_data?{query}", read)

    async def _ask(self, method: str, path: str, read: Read, **given: object) -> Answer:
        began = time.monotonic()
        try:
            async with self.session.request(method, self.url + path, **given) as response:  # type: ignore[arg-type]
                is_good = response.status in (200, 202)
                answer = await (read(response) if is_good else read_refusal(response))
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            answer = Answer(seconds=0.0, failure=describe(error))
        seconds = time.monotonic() - began
        return Answer(**{**vars(answer), "seconds": seconds})


def describe(error: BaseException) -> str:
    """ "ClientOSError ECONNRESET" or the like."""
    number = getattr(error, "errno", None)
    return f"{type(error).__name__} {errno.errorcode.get(number or 0, '')}".strip()


def explain(end: bytes) -> str:
    """Why a fan-out's answer is short, as far as its end tells."""
    codes = sorted({code.decode() for code in URL_ERROR.findall(end)})
    return f"200, not all URLs answered {' '.join(codes)}".strip()


async def make_form(size_bytes: int) -> AsyncIterator[bytes | memoryview]:
    """The multipart body of a file of that length."""
    yield UPLOAD_HEAD
    for start in range(0, size_bytes, BLOCK_BYTES):
        left_bytes = size_bytes - start
        yield BLOCK if left_bytes >= BLOCK_BYTES else BLOCK[:left_bytes]
    yield UPLOAD_END


async def read_accepted(response: aiohttp.ClientResponse) -> Answer:
    document = await response.json()
    return Answer(seconds=0.0, job_id=name_job(document["job_id"]))


async def read_refusal(response: aiohttp.ClientResponse) -> Answer:
    """503 with Retry-After is a refusal; anything else is a failure with its status and code."""
    text = await response.content.read(PROBLEM_BYTES)
    if response.status == 503 and "Retry-After" in response.headers:
        return Answer(seconds=0.0, retry_after_seconds=float(response.headers["Retry-After"]))
    try:
        code = str(json.loads(text)["code"])
    except (ValueError, KeyError, TypeError):
        code = response.reason or ""
    return Answer(seconds=0.0, failure=f"{response.status} {code}".strip())


async def wait(seconds: float, until: float) -> None:
    """Sleep for so long, and no longer than until that moment of the monotonic clock."""
    await asyncio.sleep(max(0.0, min(seconds, until - time.monotonic())))
