"""How the restart threshold is enforced here: by the kernel where it can be, else by sampling."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from processing.dyno.boundary import Boundary
from processing.dyno.cgroup import CgroupBoundary, Version, find_leftovers, find_place, remove_group
from processing.dyno.killing import kill_all
from processing.dyno.log_lines import describe_mib
from processing.dyno.sampled_tree import SampledTree

#: Samples a second; a burst that comes and goes between two is seen by the kernel alone.
SAMPLES_PER_SECOND = 20
SAMPLE_SECONDS = 1 / SAMPLES_PER_SECOND


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

    def describe(self, threshold_bytes: int) -> str:
        """Which of the two it is, for people."""
        threshold = describe_mib(threshold_bytes)
        if self._place is None:
            return (
                f"The threshold of {threshold} is enforced by sampling {SAMPLES_PER_SECOND} times "
                "a second: no cgroup with a memory limit is in use."
            )
        place, version = self._place
        return f"The threshold of {threshold} is enforced by the kernel (cgroup v{version.number})."

    @property
    def kind(self) -> str:
        """The same for programs."""
        return f"cgroup-v{self._place[1].number}" if self._place else "sampling"

    def make(self, name: str, *, lines_bytes: Sequence[int]) -> Boundary:
        """The boundary of one dyno; `lines_bytes` are its quota and its threshold."""
        if self._place is None:
            return SampledTree(name, lines_bytes=tuple(lines_bytes))
        return CgroupBoundary(*self._place, name, limit_bytes=lines_bytes[-1])


def _remove(folder: Path) -> None:
    def find_processes() -> list[int]:
        with suppress(FileNotFoundError):
            return [int(pid) for pid in (folder / "cgroup.procs").read_text().split()]
        return []

    kill_all(find_processes)
    remove_group(folder)
