"""Killing processes at random."""

from __future__ import annotations

import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass

import psutil
from django.db import connection

from tests.cluster import RunningCluster, is_seat

#: How often each kind is chosen, where it is there.
WEIGHTS = {"seat": 20, "supervisor": 2, "template": 1, "backend": 3}

END_A_BACKEND = """
SELECT pg_terminate_backend(pid) FROM (
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()
        AND backend_type = 'client backend'
    ORDER BY random() LIMIT 1
) AS chosen
"""


@dataclass(frozen=True, kw_only=True)
class Kill:
    """What was killed, and when; seconds of the machine's clock. A backend's id is 0."""

    kind: str
    pid: int
    at: float


class Storm:
    """Kills one process of a cluster, or its database session, at each strike."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self.kills: list[Kill] = []

    @property
    def counts(self) -> Counter[str]:
        """How many of each kind were killed."""
        return Counter(kill.kind for kill in self.kills)

    def strike(self, cluster: RunningCluster) -> None:
        """Kill something, if all of the cluster's kinds of processes are there."""
        found = _find_processes(cluster)
        if not found["seat"] or not found["supervisor"]:
            return
        kinds = [*found, *(["backend"] if connection.vendor == "postgresql" else [])]
        [kind] = self._random.choices(kinds, [WEIGHTS[kind] for kind in kinds])
        if kind == "backend":
            self._end_backend()
        else:
            self._kill(kind, self._random.choice(found[kind]))

    def _kill(self, kind: str, process: psutil.Process) -> None:
        at = time.time()
        with suppress(psutil.NoSuchProcess):
            process.kill()
            self.kills.append(Kill(kind=kind, pid=process.pid, at=at))

    def _end_backend(self) -> None:
        at = time.time()
        with connection.cursor() as cursor:
            cursor.execute(END_A_BACKEND)
            if cursor.fetchone() == (True,):
                self.kills.append(Kill(kind="backend", pid=0, at=at))


def _find_processes(cluster: RunningCluster) -> dict[str, list[psutil.Process]]:
    """The supervisor has threads; a child that has neither these nor a group is still to become."""
    found: dict[str, list[psutil.Process]] = {"seat": [], "supervisor": [], "template": []}
    with suppress(psutil.NoSuchProcess):
        found["template"] = [psutil.Process(cluster.process.pid)]
        for child in cluster.children:
            with suppress(psutil.NoSuchProcess):
                if is_seat(child):
                    found["seat"].append(child)
                elif child.num_threads() > 1:
                    found["supervisor"].append(child)
    return found
