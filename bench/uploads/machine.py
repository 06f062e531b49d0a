"""What of a machine matters to uploads: the digest in hardware, and what the files lie on."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import psutil

from bench.queue.machine import describe_machine

#: What Linux calls the instructions for SHA-256, on x86 and on ARM.
SHA_FLAGS = {"sha_ni", "sha2"}


def describe_for_uploads(folder: Path) -> dict[str, Any]:
    """The machine, and of `folder` the kind of its file system."""
    return describe_machine() | {
        "has_sha_instructions": has_sha_instructions(),
        "file_system": find_file_system(folder),
    }


def has_sha_instructions() -> bool:
    text = Path("/proc/cpuinfo").read_text()
    found = re.search(r"^(?:flags|Features)\s*: (.+)$", text, re.MULTILINE)
    return bool(found and SHA_FLAGS & set(found[1].split()))


def find_file_system(folder: Path) -> str:
    """Such as "ext4"; of the mount with the longest path that leads to the folder."""
    mounts = {Path(each.mountpoint): each.fstype for each in psutil.disk_partitions(all=True)}
    return next(mounts[path] for path in (folder, *folder.parents) if path in mounts)
