"""A job for processors under test, which remembers the progress that they report."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(kw_only=True)
class FakeJob:
    source_bytes: int | None = None
    id: str = "5c9b1a3e-0000-4000-8000-000000000000"
    processor: str = "under_test"
    attempt: int = 1
    filename: str = "sample.bin"
    fractions: list[float] = field(default_factory=list)

    def report_progress(self, fraction: float) -> None:
        self.fractions.append(fraction)
