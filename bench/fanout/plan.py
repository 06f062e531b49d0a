"""What the asker is told."""

from __future__ import annotations

from dataclasses import dataclass

HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Plan:
    """So many clients send `request` to these ports in turn, for so long."""

    ports: list[int]
    request: str
    client_count: int
    seconds: float
    least_bytes: int
    """A shorter answer is a failure: an upstream's body is not in it."""

    answer_bytes: int | None = None
    """Where it is known, the connection is used again after so many; else it ends the answer."""


def write_get(path: str, *, is_last: bool) -> str:
    """A request; the last one of its connection or not."""
    end = "Connection: close\r\n" if is_last else ""
    return f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\n{end}\r\n"
