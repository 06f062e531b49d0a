"""A dyno in a cgroup of its own, whose limit is the restart threshold; and finding a place for it.

https://docs.kernel.org/admin-guide/cgroup-v2.html, https://docs.kernel.org/admin-guide/cgroup-v1/memory.html
"""

from __future__ import annotations

import errno
import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from processing.dyno.boundary import Usage
from processing.dyno.process_tree import read_start
from processing.memory.cgroup import find_groups
from processing.memory.usage import read_cgroup_parts

PREFIX = "plimsoll-dyno"
#: The process that made a group, as its name begins: id and start.
OWNER = re.compile(rf"{PREFIX}-([0-9]+)-([0-9]+)-.+")
#: A process may take so long to join a group, in seconds.
PROBE_SECONDS = 10
#: How long the kernel may take to let go of a group whose processes have ended.
REMOVE_SECONDS = 5.0
REMOVE_POLL_SECONDS = 0.01


@dataclass(frozen=True, kw_only=True)
class Version:
    """Which files of a group say what in one version of cgroups."""

    number: int
    #: Each is set to the limit where it is there, in this order.
    limit_files: tuple[str, ...]
    #: File: what is written into it where it is there.
    preset: dict[str, str]
    #: It has a line "oom_kill N".
    kill_file: str


V1 = Version(
    number=1,
    # The second counts swap too, and may not be below the first.
    limit_files=("memory.limit_in_bytes", "memory.memsw.limit_in_bytes"),
    preset={},
    kill_file="memory.oom_control",
)
V2 = Version(
    number=2,
    limit_files=("memory.max",),
    # The threshold is for memory and swap together; and the kernel kills a dyno as a whole.
    preset={"memory.swap.max": "0", "memory.oom.group": "1"},
    kill_file="memory.events",
)


class CgroupBoundary:
    """A group that processes join by writing their id into its `entrance`."""

    def __init__(self, place: Path, version: Version, name: str, *, limit_bytes: int) -> None:
        owner = f"{os.getpid()}-{read_start(os.getpid())}"
        self._folder = place / f"{PREFIX}-{owner}-{name}"
        self._version = version
        self.entrance = str(self._folder / "cgroup.procs")
        self.mark = f"PLIMSOLL_DYNO={owner}-{name}"
        self._folder.mkdir()
        try:
            self._set_limits(limit_bytes)
        except BaseException:
            self.close()
            raise
        self._kills_seen = 0

    def set_root(self, pid: int) -> None:
        """The group knows its processes."""

    def read_usage(self, now: float) -> Usage:
        """Anonymous memory and swap of the group, as the kernel counts them."""
        resident_bytes, swap_bytes = read_cgroup_parts(self._folder)
        return Usage(resident_bytes=resident_bytes, swap_bytes=swap_bytes or 0)

    def find_processes(self) -> list[int]:
        """Those of the group."""
        return [int(pid) for pid in Path(self.entrance).read_text().split()]

    def take_kernel_kill(self) -> bool:
        """Whether the count of kills went up."""
        lines = (self._folder / self._version.kill_file).read_text().splitlines()
        kills = int(dict(line.split() for line in lines).get("oom_kill", 0))
        before, self._kills_seen = self._kills_seen, kills
        return kills > before

    def close(self) -> None:
        """Remove the group."""
        remove_group(self._folder)

    def _set_limits(self, limit_bytes: int) -> None:
        limits = dict.fromkeys(self._version.limit_files, str(limit_bytes))
        for number, (name, value) in enumerate((limits | self._version.preset).items()):
            if number == 0 or (self._folder / name).exists():
                (self._folder / name).write_text(value)


def remove_group(folder: Path) -> None:
    """Remove it; the kernel may still be busy with its last process."""
    deadline = time.monotonic() + REMOVE_SECONDS
    while True:
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError as error:
            if error.errno != errno.EBUSY or time.monotonic() > deadline:
                raise
            time.sleep(REMOVE_POLL_SECONDS)


def find_place() -> tuple[Path, Version] | None:
    """A folder in which this process may make groups with a limit and move processes into them."""
    for place, is_second_version in find_groups():
        version = V2 if is_second_version else V1
        if _is_usable(place, version):
            return place, version
    return None


def find_leftovers(place: Path) -> list[Path]:
    """Groups whose dyno command is gone without removing them; no other that is named alike."""
    return [folder for folder in place.glob(f"{PREFIX}-*") if _is_abandoned(folder.name)]


def _is_abandoned(name: str) -> bool:
    owner = OWNER.fullmatch(name)
    return owner is not None and str(read_start(int(owner[1]))) != owner[2]


def _is_usable(place: Path, version: Version) -> bool:
    """Try it all: make a group, set its limit, move a process in, read it, remove it."""
    try:
        group = CgroupBoundary(place, version, "probe", limit_bytes=1 << 30)
    except OSError:
        return False
    try:
        join = ["/bin/sh", "-c", 'echo $$ > "$0"', group.entrance]
        subprocess.run(join, check=True, capture_output=True, timeout=PROBE_SECONDS)  # noqa: S603
        group.read_usage(0.0)
    except (OSError, subprocess.SubprocessError, KeyError, ValueError):
        return False
    finally:
        group.close()
    return True
