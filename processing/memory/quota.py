"""How much memory this machine gives us, who says so, and at how much it ends us."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from processing.memory.cgroup import ROOT, CgroupLimit, find_limits
from processing.memory.units import GIB, KIB

SETTING, DYNO, HOST = "MEMORY_QUOTA_MB", "DYNO_RAM", "the host"

#: Heroku's Common Runtime ends a dyno at twice its quota; the sizes above Performance-L at 1.2
#: times. https://devcenter.heroku.com/articles/dyno-memory-behavior
DYNO_RESTART_TIMES = 2.0
LARGE_DYNO_RESTART_TIMES = 1.2
LARGE_DYNO_BYTES = 14 * GIB


@dataclass(frozen=True, kw_only=True)
class Quota:
    """The bytes that we may use, who says so, and the bytes at which we are ended.

    `cgroup` is the folder of the control group whose limit this is, where it is one.
    """

    limit_bytes: int
    source: str
    restart_bytes: int
    cgroup: Path | None = None

    @property
    def usable_bytes(self) -> int:
        """What is ours to plan with: all of it, but half of a host, which others use too."""
        return self.limit_bytes // 2 if self.source == HOST else self.limit_bytes


def find_quota(
    *,
    setting_bytes: int = 0,
    dyno_ram_bytes: int = 0,
    is_heroku: bool = False,
    root: Path = ROOT,
) -> Quota:
    """The setting where there is one (not 0), else the smallest of what the platform says.

    Of equal ones a platform's word counts before a control group's, and that before the host's.
    `root` is the folder that has proc/ and sys/.
    """
    host_bytes = read_host_bytes(root)
    # As much as the host has is a limit too: lxcfs shows a container its limit as that.
    limits = [limit for limit in find_limits(root) if limit.limit_bytes <= host_bytes]
    found: list[tuple[int, str, Path | None]] = []
    if dyno_ram_bytes:
        found.append((dyno_ram_bytes, DYNO, None))
    found += [(limit.limit_bytes, limit.name, limit.folder) for limit in limits]
    found.append((host_bytes, HOST, None))
    platform_bytes, source, cgroup = min(found, key=lambda entry: entry[0])
    if setting_bytes:
        source, cgroup = SETTING, None
    return Quota(
        limit_bytes=setting_bytes or platform_bytes,
        source=source,
        restart_bytes=_find_restart(platform_bytes, host_bytes, limits, is_heroku),
        cgroup=cgroup,
    )


def _find_restart(
    platform_bytes: int, host_bytes: int, limits: list[CgroupLimit], is_heroku: bool
) -> int:
    """Where the kernel, or Heroku, ends us.

    Private Spaces (which show the usage of the group) and Fir (version 2) end a dyno at its quota.
    """
    hard = [limit for limit in limits if limit.is_hard]
    if is_heroku and not any(limit.is_usage_shown for limit in hard):
        return find_dyno_restart(platform_bytes)
    return min([limit.limit_bytes for limit in hard], default=host_bytes)


def find_dyno_restart(quota_bytes: int) -> int:
    """The usage at which Heroku's Common Runtime ends a dyno of this quota."""
    is_large = quota_bytes > LARGE_DYNO_BYTES
    return int(quota_bytes * (LARGE_DYNO_RESTART_TIMES if is_large else DYNO_RESTART_TIMES))


def read_host_bytes(root: Path = ROOT) -> int:
    """The memory of the whole machine: MemTotal, or sysconf where there is no /proc."""
    with suppress(OSError):
        for line in (root / "proc/meminfo").read_text().splitlines():
            if line.startswith("MemTotal:"):
                return int(line.split()[1]) * KIB
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
