"""One upload, as the sender is told to send it, and what came back."""

from __future__ import annotations

from dataclasses import dataclass

BOUNDARY = "uploads-0123456789"
FORM_HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="file.bin"\r\n'
    "Content-Type: application/octet-stream\r\n\r\n"
)
FORM_END = f"\r\n--{BOUNDARY}--\r\n"


@dataclass(frozen=True, kw_only=True)
class Request:
    """A body of `size_bytes` of the pattern with a text before and behind it.

    Of the pattern only `sent_bytes` are sent; where those are fewer, nothing follows, and the
    connection stays open.
    """

    method: str
    path: str
    headers: dict[str, str]
    before: str = ""
    size_bytes: int
    sent_bytes: int
    after: str = ""

    @property
    def stalls(self) -> bool:
        """Whether less is sent than is announced."""
        return self.sent_bytes < self.size_bytes

    def write_head(self) -> bytes:
        """The request line and the headers, with the length of the whole body."""
        length = len(self.before) + self.size_bytes + len(self.after)
        own = {"Host": "127.0.0.1", "Connection": "close", "Content-Length": str(length)}
        lines = [f"{self.method} {self.path} HTTP/1.1"]
        lines += [f"{name}: {value}" for name, value in (own | self.headers).items()]
        return ("\r\n".join(lines) + "\r\n\r\n").encode()


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one request came to. The moments are of CLOCK_MONOTONIC, in nanoseconds.

    `status` is 0 where no answer came.
    """

    began_at: int
    sent_at: int
    answered_at: int
    """When the last byte of the answer came."""

    status: int
    headers: dict[str, str]
    """By names in lower case."""

    body: str


def post_form(path: str, size_bytes: int, *, sent_bytes: int | None = None) -> Request:
    """A form with one file."""
    return Request(
        method="POST",
        path=path,
        headers={"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"},
        before=FORM_HEAD,
        size_bytes=size_bytes,
        sent_bytes=size_bytes if sent_bytes is None else sent_bytes,
        after=FORM_END,
    )


def send_raw(method: str, path: str, size_bytes: int, headers: dict[str, str]) -> Request:
    """The file alone."""
    return Request(
        method=method, path=path, headers=headers, size_bytes=size_bytes, sent_bytes=size_bytes
    )
