"""What is known of memory, for people: a line in the log and a sample for the chart."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from typing import Any

from processing.memory.actions import Action, Kind
from processing.memory.processes import WORKER
from processing.memory.quota import Quota
from processing.memory.usage import find_tree
from processing.models import MemorySample
from processing.queue.cluster.census import Reading
from processing.queue.cluster.link import Link
from processing.queue.cluster_name import ClusterName
from processing.queue.memory_samples import UnwrittenSamples

logger = logging.getLogger(__name__)

#: Each process is sampled so often, in seconds.
SAMPLE_SECONDS = 60.0
#: What is a good sign; everything else is a warning.
GOOD_SIGNS = (Kind.RESUME, Kind.RECYCLE)
#: What a sample calls that which is of no process in particular.
WHOLE_CLUSTER = "cluster"


class MemoryJournal:
    """Of one cluster. Any thread may use it: nothing here waits for the database."""

    def __init__(self, name: ClusterName, quota: Quota, samples: UnwrittenSamples) -> None:
        self._name = name
        self._quota = quota
        self._samples = samples
        self._sample_at = 0.0

    def note(self, action: Action, reading: Reading) -> None:
        """Something was done or found, when `reading` was the last one."""
        level = logging.INFO if action.kind in GOOD_SIGNS else logging.WARNING
        logger.log(level, "memory: %s", action.detail)
        who: dict[str, Any] = {"pid": self._name.pid, "name": WHOLE_CLUSTER}
        used_bytes = sum(reading.shares.values())
        if action.pid is not None:
            who = {"pid": action.pid, "name": _name_seat(action.seat)}
            used_bytes = reading.shares.get(action.pid, 0)
        self._add(reading, used_bytes, action=action.kind, detail=action.detail, **who)

    def sample(self, reading: Reading, seats: Iterable[Link]) -> None:
        """Take the samples of each process, when it is time to; a seat with its children."""
        if reading.at < self._sample_at:
            return
        self._sample_at = reading.at + SAMPLE_SECONDS
        own = {"template": self._name.pid, "supervisor": os.getpid()}
        for name, pid in own.items():
            self._add(reading, reading.shares.get(pid, 0), pid=pid, name=name)
        for link in seats:
            used_bytes = sum(reading.shares.get(pid, 0) for pid in find_tree(link.pid))
            self._add(reading, used_bytes, pid=link.pid, name=_name_seat(link.index + 1))

    def _add(self, reading: Reading, used_bytes: int, **columns: Any) -> None:
        self._samples.add(
            MemorySample(
                host=self._name.host,
                type=WORKER,
                used_bytes=used_bytes,
                usage_bytes=reading.usage_bytes,
                quota_bytes=self._quota.usable_bytes,
                **columns,
            )
        )


def _name_seat(number: int) -> str:
    return f"seat {number}"
