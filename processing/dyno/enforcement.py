"""How the restart threshold is enforced here: by the kernel where it can be, else by sampling."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from processing.dyno.boundary import Boundary
from processing.dyno.cgroup import CgroupBoundary, Version, find_leftovers, find_place, remove_group
from processing.dyno.dyno import Limits
from processing.dyno.killing import kill_all
from processing.dyno.log_lines import describe_mib
from processing.dyno.sampled_tree import SampledTree

#: Where there is no cgroup, one sample in so many is the exact and dear one.
EXACT_SAMPLES = 20


class Enforcement:
    """Makes the boundaries of a run's dynos. `choose` is asked once, at the start."""

    def __init__(self, place: tuple[Path, Version] | None) -> None:
        self._place = place

    @classmethod
    def choose(cls, *, sampling_only: bool) -> Enforcement:
        """By cgroup where one can be made and is wanted; left-overs of dead runs are removed."""
        place = None if sampling_only else find_place()
        if place:
            for folder in find_leftovers(place[0]):
                _remove(folder)
        return cls(place)

    def describe(self, limits: Limits) -> str:
        """Which of the two it is, for people."""
        threshold = describe_mib(limits.threshold_bytes)
        if self._place is None:
            return (
                f"The threshold of {threshold} is enforced by sampling "
                f"{1 / limits.sample_seconds:g} times a second: no cgroup with a memory limit is "
                "in use."
            )
        place, version = self._place
        return f"The threshold of {threshold} is enforced by the kernel (cgroup v{version.number})."

    @property
    def kind(self) -> str:
        """The same for programs."""
        return f"cgroup-v{self._place[1].number}" if self._place else "sampling"

    def make(self, name: str, limits: Limits) -> Boundary:
        """The boundary of one dyno."""
        if self._place:
            return CgroupBoundary(*self._place, name, limit_bytes=limits.threshold_bytes)
        return SampledTree(
            name,
            lines_bytes=(limits.quota_bytes, limits.threshold_bytes),
            exact_seconds=EXACT_SAMPLES * limits.sample_seconds,
        )


def _remove(folder: Path) -> None:
    def find_processes() -> list[int]:
        with suppress(FileNotFoundError):
            return [int(pid) for pid in (folder / "cgroup.procs").read_text().split()]
        return []

    kill_all(find_processes)
    remove_group(folder)
