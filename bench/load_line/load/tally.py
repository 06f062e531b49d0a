"""What the requests of a run came to."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from bench.queue.figures import find_percentile


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What one request came to."""

    seconds: float
    job_id: str = ""
    retry_after_seconds: float | None = None
    """How long a 503 asks to wait; None for all other answers."""

    failure: str = ""
    """Neither an answer that was asked for nor such a refusal: its status and code, or why there
    was none."""


@dataclass(kw_only=True)
class Tally:
    """The requests of one kind."""

    accepted: int = 0
    refused: int = 0
    """503 with Retry-After."""

    failures: Counter[str] = field(default_factory=Counter)
    seconds: list[float] = field(default_factory=list)
    """How long each accepted one took."""

    def add(self, answer: Answer) -> None:
        if answer.failure:
            self.failures[answer.failure] += 1
        elif answer.retry_after_seconds is not None:
            self.refused += 1
        else:
            self.accepted += 1
            self.seconds.append(answer.seconds)

    def describe(self) -> str:
        """In one line, for whoever watches."""
        return f"{self.accepted:,} accepted, {self.refused:,} refused, {self.failed:,} failed"

    @property
    def failed(self) -> int:
        return self.failures.total()

    def as_json(self) -> dict[str, Any]:
        """With the 50th and the 99th percentile, in milliseconds, instead of all durations."""
        document = asdict(self) | {"failures": dict(self.failures)}
        document.pop("seconds")
        for percent in (50, 99):
            found = find_percentile(self.seconds, percent) * 1000 if self.seconds else None
            document[f"p{percent}_ms"] = found
        return document
