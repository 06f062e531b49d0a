"""The log, in the form of `heroku logs`: time, source, dyno, text.

    2026-01-31T12:00:00.000000+00:00 heroku[web.1]: Error R14 (Memory quota exceeded)
    2026-01-31T12:00:00.000000+00:00 app[web.1]: what the process wrote

Texts are those of https://devcenter.heroku.com/articles/error-codes
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from processing.memory.units import MIB

R14 = "Error R14 (Memory quota exceeded)"
R15 = "Error R15 (Memory quota vastly exceeded)"
SIGKILL = "Stopping process with SIGKILL"
SIGTERM = "Stopping all processes with SIGTERM"

Write = Callable[[str], object]


class Log:
    """Writes lines of either source about one dyno."""

    def __init__(self, name: str, write: Write) -> None:
        self.name = name
        self.write = write

    def platform(self, text: str) -> None:
        """A line of Heroku's own."""
        self.line("heroku", text)

    def routine(self, text: str) -> None:
        """One that a run without any trouble has too."""
        self.platform(text)

    def complete(self, status: int) -> None:
        """Its process ended by itself with this status, and is not started again."""
        self.routine("State changed from up to complete")

    def app(self, text: str) -> None:
        """A line of the process."""
        self.line("app", text)

    def line(self, source: str, text: str) -> None:
        """What every line goes through."""
        time = datetime.now(UTC).isoformat(timespec="microseconds")
        self.write(f"{time} {source}[{self.name}]: {text}")


def describe_late(stop_seconds: float) -> str:
    """ "Error R12 (Exit timeout)", with the time that there was."""
    late = f"At least one process failed to exit within {stop_seconds:g} seconds of SIGTERM"
    return f"Error R12 (Exit timeout) -> {late}"


def describe_usage(usage_bytes: int, quota_bytes: int) -> str:
    """ "Process running mem=528M(103.1%)"."""
    share = 100 * usage_bytes / quota_bytes
    return f"Process running mem={usage_bytes / MIB:.0f}M({share:.1f}%)"


def describe_metrics(name: str, *, resident_bytes: int, swap_bytes: int, quota_bytes: int) -> str:
    """One line of https://devcenter.heroku.com/articles/log-runtime-metrics about memory."""
    sizes = {
        "memory_total": resident_bytes + swap_bytes,
        "memory_rss": resident_bytes,
        "memory_swap": swap_bytes,
        "memory_quota": quota_bytes,
    }
    samples = (f"sample#{key}={size / MIB:.2f}MB" for key, size in sizes.items())
    return " ".join([f"source={name}", *samples])


def describe_mib(size_bytes: int) -> str:
    """A size the way Heroku prints it: "528M"."""
    return f"{size_bytes / MIB:.0f}M"
