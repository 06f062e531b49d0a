"""The log, in the form of `heroku logs`: time, source, dyno, text.

    2026-01-31T12:00:00.000000+00:00 heroku[web.1]: Error R14 (Memory quota exceeded)
    2026-01-31T12:00:00.000000+00:00 app[web.1]: what the process wrote

Texts are those of https://devcenter.heroku.com/articles/error-codes
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from processing.memory.units import MIB

R12 = "Error R12 (Exit timeout) -> At least one process failed to exit within 30 seconds of SIGTERM"
R14 = "Error R14 (Memory quota exceeded)"
R15 = "Error R15 (Memory quota vastly exceeded)"
SIGKILL = "Stopping process with SIGKILL"
SIGTERM = "Stopping all processes with SIGTERM"

Write = Callable[[str], object]


class Log:
    """Writes lines of either source about one dyno."""

    def __init__(self, name: str, write: Write) -> None:
        self._name = name
        self._write = write

    def platform(self, text: str) -> None:
        """A line of Heroku's own."""
        self._line("heroku", text)

    def app(self, text: str) -> None:
        """A line of the process."""
        self._line("app", text)

    def _line(self, source: str, text: str) -> None:
        time = datetime.now(UTC).isoformat(timespec="microseconds")
        self._write(f"{time} {source}[{self._name}]: {text}")


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
