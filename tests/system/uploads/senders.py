"""People who upload while the web is killed: what each has sent, and what the service told them."""

from __future__ import annotations

import hashlib
import io
import random
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

import httpx

from tests.service import START_SECONDS, wait_for
from tests.system.uploads.tus import create_upload, find_job, find_offset, send_part

#: As many as it takes to see several kills, and to meet a seat that is still held a few times.
TRIES = 20
REQUEST_SECONDS = 60
BLOCK_BYTES = 64 * 1024
#: What a client tries again: somebody else still holds the upload, or it was further than it knew.
AGAIN = {409, 423}


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A file, and the path of its job where the service told it."""

    sha256: str
    is_resumable: bool
    job_path: str | None


class Content(io.BytesIO):
    """A file that tells when it has been read to its end."""

    def __init__(self, content: bytes, tell_end: Callable[[], object]) -> None:
        super().__init__(content)
        self._tell_end = tell_end

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        if not data:
            self._tell_end()
        return data


@dataclass(kw_only=True)
class Sender:
    """Sends one file to `base_url`, as a form or resumably; calls `tell_end` when all of it was
    given to the connection, each time."""

    base_url: str
    content: bytes
    is_resumable: bool
    tell_end: Callable[[], object] = int

    def send(self) -> Sent:
        """Send it: a form once, and by tus for as long as it takes."""
        send = self._send_resumably if self.is_resumable else self._send_form
        digest = hashlib.sha256(self.content).hexdigest()
        return Sent(sha256=digest, is_resumable=self.is_resumable, job_path=send())

    def _send_form(self) -> str | None:
        with self._client() as client, suppress(httpx.TransportError):
            files = {"file": ("a.bin", Content(self.content, self.tell_end))}
            answer = client.post("/upload_file?processor=sha256", files=files)
            assert answer.status_code == 202, answer.text
            return str(answer.json()["status_url"])
        return None

    def _send_resumably(self) -> str:
        path = None
        for _ in range(TRIES):
            with self._client() as client, suppress(httpx.TransportError):
                path = path or create_upload(client, len(self.content), processor="sha256")
                if self._send_rest(client, path):
                    return find_job(client, path)
            wait_for(self._is_answered, START_SECONDS, "the web did not come back")
        raise AssertionError(f"not done after {TRIES} tries: {path}")

    def _send_rest(self, client: httpx.Client, path: str) -> bool:
        """Send from where the service is; whether all of it is there."""
        offset = find_offset(client, path)
        if offset < len(self.content):
            answer = send_part(client, path, offset, self._blocks(offset))
            assert answer.is_success or answer.status_code in AGAIN, answer.text
            offset = int(answer.headers.get("Upload-Offset", offset))
        return offset == len(self.content)

    def _blocks(self, offset: int) -> Iterator[bytes]:
        rest = Content(self.content[offset:], self.tell_end)
        while block := rest.read(BLOCK_BYTES):
            yield block

    def _client(self) -> httpx.Client:
        return httpx.Client(base_url=self.base_url, timeout=REQUEST_SECONDS)

    def _is_answered(self) -> bool:
        with self._client() as client, suppress(httpx.TransportError):
            return client.get("/healthz").status_code == 200
        return False


def make_senders(
    source: random.Random, base_url: str, count: int, *, most_bytes: int
) -> list[Sender]:
    """Every other one sends resumably; each has a file of its own, some of them small."""
    return [
        Sender(
            base_url=base_url,
            content=source.randbytes(source.choice([1, 10, 100]) * most_bytes // 100),
            is_resumable=number % 2 == 0,
        )
        for number in range(count)
    ]
