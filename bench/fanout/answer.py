"""What an answer came to, by its beginning, its length and its end."""

from __future__ import annotations

import re

from bench.fanout.plan import Plan
from bench.load_line.load.asking import END_BYTES, explain
from bench.load_line.load.tally import Answer

__all__ = ["END_BYTES", "START_BYTES", "judge"]

#: More than the head of any answer.
START_BYTES = 4_096
HEADER = re.compile(rb"\r\n([\w-]+): *([^\r]*)")
LAST_CHUNK = b"0\r\n\r\n"


def judge(start: bytes, received_bytes: int, end: bytes, plan: Plan, seconds: float) -> Answer:
    """503 with Retry-After is a refusal; what is not 200 and whole is a failure."""
    head, _, _ = start.partition(b"\r\n\r\n")
    status = head.split(b" ", 2)[1].decode() if head.startswith(b"HTTP/1.1 ") else ""
    headers = {name.lower(): value for name, value in HEADER.findall(head)}
    if status == "503" and b"retry-after" in headers:
        return Answer(seconds=seconds, retry_after_seconds=float(headers[b"retry-after"]))
    if status != "200":
        return Answer(seconds=seconds, failure=f"answered {status or 'nothing'}")
    if not is_whole(headers, received_bytes - len(head) - 4, end):
        return Answer(seconds=seconds, failure="200, cut short")
    return Answer(
        seconds=seconds, failure="" if received_bytes >= plan.least_bytes else explain(end)
    )


def is_whole(headers: dict[bytes, bytes], body_bytes: int, end: bytes) -> bool:
    """No text in JSON looks like a last chunk: line ends are escaped there."""
    if b"content-length" in headers:
        return body_bytes == int(headers[b"content-length"])
    return end.endswith(LAST_CHUNK)
