"""What the project's processes on this machine hold, against the quota."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from processing.memory.processes import ProcessUsage, find_usages
from processing.memory.quota import Quota
from processing.memory.usage import read_cgroup_bytes


@dataclass(frozen=True, kw_only=True)
class MemoryUsage:
    """`used_bytes` counts against the quota: the whole control group where that tells."""

    quota: Quota
    used_bytes: int
    processes: list[ProcessUsage]

    @property
    def share(self) -> float:
        """The part of the usable quota that is in use; above 1.0 it is exceeded."""
        return self.used_bytes / self.quota.usable_bytes

    @property
    def document(self) -> dict[str, Any]:
        """All of it for machines."""
        return {
            "quota_bytes": self.quota.limit_bytes,
            "quota_source": self.quota.source,
            "restart_bytes": self.quota.restart_bytes,
            "used_bytes": self.used_bytes,
            "processes": [asdict(process) for process in self.processes],
        }


def read_memory_usage(quota: Quota, folder: Path) -> MemoryUsage:
    """The usage of all web servers and clusters that were started in `folder`."""
    processes = find_usages(folder)
    used_bytes = read_cgroup_bytes(quota.cgroup) if quota.cgroup is not None else None
    if used_bytes is None:
        used_bytes = sum(process.proportional_bytes for process in processes)
    return MemoryUsage(quota=quota, used_bytes=used_bytes, processes=processes)
