"""What the processes of a family share, so that each page of memory is counted once.

Of the pages that a process holds with others the kernel tells its part in them, and not with whom
it holds them: with its family, or with strangers from before its birth.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from processing.memory import usage
from processing.memory.status import ProcessMemory, read_memory

#: Two processes that differ by less may have the same memory, read at two moments.
TWIN_BYTES = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Sharing:
    """Of one process, in bytes, without the pages of files.

    `part_bytes` is its part of all that it holds, `private_bytes` what it alone holds.
    """

    part_bytes: int
    private_bytes: int

    @property
    def common_bytes(self) -> int:
        """Its part of what it holds with others."""
        return self.part_bytes - self.private_bytes


def read_sharing(pid: int) -> Sharing:
    """Takes 1 ms; without smaps_rollup all is private. Raises OSError for one that is gone."""
    if not usage.HAS_SMAPS:
        held_bytes = read_memory(pid).held_bytes
        return Sharing(part_bytes=held_bytes, private_bytes=held_bytes)
    sizes = usage.read_rollup(pid)
    # Linux before 5.4 tells of all pages alone.
    memory = sizes[b"Pss_Anon"] + sizes[b"Pss_Shmem"] or sizes[b"Pss"]
    private = min(memory, sizes[b"Private_Dirty"] + sizes[b"Private_Clean"])
    return Sharing(part_bytes=memory + sizes[b"SwapPss"], private_bytes=private)


def find_counted(
    own: Sharing, own_held_bytes: int, children: Mapping[int, Sharing]
) -> dict[int, int]:
    """What each child adds to what its family's first process holds, which counts as a whole.

    What that one does not have of its pages by its part, others have of them by theirs: so much of
    the children's parts is counted already.
    """
    common_bytes = sum(child.common_bytes for child in children.values())
    counted_bytes = max(0, own_held_bytes - own.part_bytes)
    left_share = max(0, common_bytes - counted_bytes) / common_bytes if common_bytes else 0.0
    return {
        pid: child.private_bytes + int(child.common_bytes * left_share)
        for pid, child in children.items()
    }


def is_twin(one: ProcessMemory, other: ProcessMemory) -> bool:
    """Whether they may have the very same memory, as between vfork and exec."""
    return (
        abs(one.held_bytes - other.held_bytes) < TWIN_BYTES
        and abs(one.data_bytes - other.data_bytes) < TWIN_BYTES
    )
