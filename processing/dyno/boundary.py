"""What holds one dyno: it tells the dyno's processes, their usage, and a kill by the kernel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What Heroku counts of a dyno, in bytes: memory without cache, and swap."""

    resident_bytes: int
    swap_bytes: int

    @property
    def total_bytes(self) -> int:
        """What is compared with quota and threshold."""
        return self.resident_bytes + self.swap_bytes


class Boundary(Protocol):
    """One dyno's, used for all of its restarts; the supervisor closes it at the end."""

    #: The file that a process writes its id into to come in; empty where there is none.
    entrance: str
    #: NAME=value in the environment of the dyno's processes.
    mark: str

    def set_root(self, pid: int) -> None:
        """Know the process that all others descend from."""

    def read_usage(self, now: float) -> Usage:
        """The usage at `now`, in seconds of the monotonic clock."""

    def find_processes(self) -> list[int]:
        """The ids of all the dyno's processes, zombies too."""

    def take_kernel_kill(self) -> bool:
        """Whether the kernel killed one of them for memory since this was last asked."""

    def close(self) -> None:
        """Remove what was made; no process is left in it."""
