"""The memory limits that Linux control groups put on this process, version 1 and version 2.

https://docs.kernel.org/admin-guide/cgroup-v2.html and …/cgroup-v1/memory.html
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

ROOT = Path("/")


@dataclass(frozen=True, kw_only=True)
class CgroupLimit:
    """One limit, in bytes, the group's folder, and the name of the file that says so.

    At a hard limit the kernel kills; at any other it slows down and reclaims.
    """

    limit_bytes: int
    folder: Path
    name: str
    is_hard: bool

    @property
    def is_usage_shown(self) -> bool:
        """Whether the group also tells how much it uses."""
        names = ("memory.current", "memory.usage_in_bytes")
        return any((self.folder / name).exists() for name in names)


@dataclass(frozen=True, kw_only=True)
class _Mount:
    """`root` is the group that is seen at `point`."""

    root: PurePosixPath
    point: PurePosixPath
    is_second_version: bool


#: The files of a limit, and whether it is hard. Version 1 has a soft one that limits nothing.
SECOND_VERSION_FILES = {"memory.max": True, "memory.high": False}
FIRST_VERSION_FILES = {"memory.limit_in_bytes": True}


def find_limits(root: Path = ROOT) -> list[CgroupLimit]:
    """Every limit on this process, from its own group up to the topmost that can be seen.

    `root` is the folder that has proc/ and sys/. A group without a limit gives none; version 1
    says so by a number above any machine's memory, which is left to the caller.
    """
    return [
        limit
        for folder, is_second_version in find_groups(root)
        for limit in _read_limits(
            folder, SECOND_VERSION_FILES if is_second_version else FIRST_VERSION_FILES
        )
    ]


def find_groups(root: Path = ROOT) -> Iterator[tuple[Path, bool]]:
    """The folders of this process's own groups and of those above them that can be seen.

    With each comes whether it is one of version 2. Some may not be there.
    """
    paths = _read_paths(root)
    for mount in _read_mounts(root):
        path = paths.get(mount.is_second_version)
        if path is not None:
            for folder in _find_folders(mount, path, root):
                yield folder, mount.is_second_version


def _read_paths(root: Path) -> dict[bool, PurePosixPath]:
    """The path of this process's group by whether it is one of version 2."""
    paths = {}
    for line in _read_lines(root / "proc/self/cgroup"):
        number, controllers, path = line.split(":", 2)
        if number == "0" or "memory" in controllers.split(","):
            paths[number == "0"] = PurePosixPath(path)
    return paths


def _read_mounts(root: Path) -> Iterator[_Mount]:
    """Where groups that may limit memory are mounted."""
    for line in _read_lines(root / "proc/self/mountinfo"):
        place, _, kind = line.partition(" - ")
        fields = place.split()
        is_second_version = kind.startswith("cgroup2 ")
        controllers = kind.split()[-1].split(",") if kind.startswith("cgroup ") else []
        if is_second_version or "memory" in controllers:
            yield _Mount(
                root=PurePosixPath(fields[3]),
                point=PurePosixPath(fields[4]),
                is_second_version=is_second_version,
            )


def _find_folders(mount: _Mount, path: PurePosixPath, root: Path) -> Iterator[Path]:
    """The folder of the group at `path` and those above it.

    A container sees its own group at the mount point, whatever path it is told.
    """
    inside = PurePosixPath()
    if path.is_relative_to(mount.root) and ".." not in path.parts:
        inside = path.relative_to(mount.root)
    top = root / mount.point.relative_to("/")
    for part in (inside, *inside.parents):
        yield top / part


def _read_limits(folder: Path, files: dict[str, bool]) -> Iterator[CgroupLimit]:
    for name, is_hard in files.items():
        with suppress(OSError, ValueError):  # not there, not ours to read, or "max"
            limit_bytes = int((folder / name).read_text())
            yield CgroupLimit(limit_bytes=limit_bytes, folder=folder, name=name, is_hard=is_hard)


def _read_lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except OSError:
        return []
