"""What the cluster's processes hold, and what of its quota is used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from processing.memory.quota import Quota
from processing.memory.usage import find_tree, read_each, read_group_usage

#: What each process holds is read so often, in seconds, while the machine has room: that takes 1
#: ms for a process of 60 MB.
SHARES_SECONDS = 5.0
#: Above this part of the quota it is read every time.
NEAR_SHARE = 0.6


@dataclass(frozen=True, kw_only=True)
class Reading:
    """At one moment, on the monotonic clock, in seconds and bytes.

    `usage_bytes` is what counts against the quota, of everything in its control group where that is
    one. `base_bytes` is what is in use without what tasks have added, and taken to be given back
    when they end. `shares` is what each process of the cluster holds, by its id, as it was some
    seconds ago at most: its part of shared memory, and swap.
    """

    at: float
    usage_bytes: int
    base_bytes: int = 0
    shares: Mapping[int, int] = field(default_factory=dict)


class Census:
    """Reads what counts against a quota, of the tree of the process `root_pid`."""

    def __init__(self, quota: Quota, root_pid: int) -> None:
        self._quota = quota
        self._root_pid = root_pid
        self._shares: dict[int, int] = {}
        self._shares_at = float("-inf")
        self._shares_grown_bytes = 0
        self.last = Reading(at=float("-inf"), usage_bytes=0)

    def read(self, now: float, *, grown_bytes: int) -> Reading:
        """Read it now, when the running tasks have grown by so much."""
        if self._is_near() or now >= self._shares_at + SHARES_SECONDS:
            self._shares = read_each(find_tree(self._root_pid))
            self._shares_at = now
            self._shares_grown_bytes = grown_bytes
        usage_bytes, base_bytes = self._measure(grown_bytes)
        self.last = Reading(
            at=now,
            usage_bytes=usage_bytes,
            base_bytes=base_bytes,
            shares=self._shares,
        )
        return self.last

    def _is_near(self) -> bool:
        return self.last.usage_bytes >= NEAR_SHARE * self._quota.usable_bytes

    def _measure(self, grown_bytes: int) -> tuple[int, int]:
        """What is in use, and what of it tasks have not added."""
        usage_bytes = read_group_usage(self._quota)
        if usage_bytes is not None:
            return usage_bytes, usage_bytes - grown_bytes
        shares_bytes = sum(self._shares.values())
        since_bytes = max(0, grown_bytes - self._shares_grown_bytes)
        return shares_bytes + since_bytes, shares_bytes - self._shares_grown_bytes
