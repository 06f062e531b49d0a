"""What was done or found about memory: a value that is logged as one line and kept as a sample."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from processing.memory.units import MIB


class Kind(StrEnum):
    """What it is, in a word: of a cluster, of the web, or of both."""

    PAUSE = "pause"
    RESUME = "resume"
    ONE_BY_ONE = "one by one"
    RECYCLE = "recycle"
    STOP = "stop"
    LEAK = "leak"
    TRIM = "trim"
    REPLACE = "replace"


@dataclass(frozen=True, kw_only=True)
class Action:
    """`detail` is a sentence with the numbers.

    `pid` and `seat` are the process and number of the seat that it is about, None and 0 for the
    whole cluster; `turn` is the task of that seat.
    """

    kind: Kind
    detail: str
    pid: int | None = None
    seat: int = 0
    turn: int = 0


def describe_usage(used_bytes: int, quota_bytes: int) -> str:
    """How every sentence begins, such as "447 of 512 MB (87.3 %)"."""
    share = f"{100 * used_bytes / quota_bytes:.1f} %"
    return f"{used_bytes // MIB} of {quota_bytes // MIB} MB ({share})"
