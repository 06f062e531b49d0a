"""What the figures were measured on."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil

from bench.queue.interpreters import LOOK_SECONDS, ROOT, run

MIB = 1024 * 1024


def describe_machine() -> dict[str, Any]:
    """Cores, CPU model, memory in MiB, system, Python, and what else was running."""
    return {
        "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": read_revision(),
        "cores": len(os.sched_getaffinity(0)),
        "cpu": read_cpu_model(),
        "memory_mb": psutil.virtual_memory().total // MIB,
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_average_at_start": os.getloadavg()[0],
    }


def write_machine(machine: Mapping[str, Any]) -> str:
    """What `describe_machine` gave, as the beginning of a sentence about the run."""
    return (
        f"Measured {machine['measured_at']} at revision {machine['revision']} "
        f"on {machine['cores']} cores ({machine['cpu']}), "
        f"{machine['memory_mb']:,} MiB, {machine['system']}, Python {machine['python']}; "
        f"load average at the start {machine['load_average_at_start']:.1f}"
    )


def read_revision() -> str:
    """The commit, with "-dirty" where files differ from it; "unknown" outside of git."""
    try:
        result = run(["git", "-C", str(ROOT), "describe", "--always", "--dirty"], LOOK_SECONDS)
    except OSError:
        return "unknown"
    return result.stdout.strip() or "unknown"


def read_cpu_model() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1] if found else platform.machine()
