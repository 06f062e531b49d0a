"""From a quota to processes: how many, and how much each may hold, so that all of it fits.

Everything is counted at its worst and at the same time. The number of cores plays no part: a small
container often sees all cores of its host.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass

from processing.memory.quota import HOST, Quota
from processing.memory.sizes import (
    BURST_BYTES,
    LEAST_TASK_LIMIT_BYTES,
    MOST_SEATS,
    MOST_SEATS_ON_HOST,
    MOST_WEB_PROCESSES,
    MOST_WEB_PROCESSES_ON_HOST,
    RESERVE_SHARE,
    SEAT_DEBT_BYTES,
    SUPERVISOR_BYTES,
    TEMPLATE_BYTES,
    WANTED_TASK_LIMIT_BYTES,
    WEB_BASE_BYTES,
    WEB_PROCESS_BYTES,
)
from processing.memory.units import MIB

WORKER_BASE_BYTES = TEMPLATE_BYTES + SUPERVISOR_BYTES


@dataclass(frozen=True, kw_only=True)
class Plan(ABC):
    """What the two plans share. A `given` number is the operator's; 0 leaves it to the plan."""

    quota: Quota

    store_bytes: int = 0
    """What the store brings along: loaded once, and in the end copied by each process."""

    @property
    @abstractmethod
    def total_bytes(self) -> int:
        """What everything takes at its worst."""

    @property
    @abstractmethod
    def given(self) -> str:
        """What the operator asked for beyond the least, as it is set; empty for nothing.

        The least may be too much for a small machine, but there is nothing to lower then.
        """

    @property
    @abstractmethod
    def arithmetic(self) -> str:
        """How `total_bytes` comes about."""

    @property
    def room_bytes(self) -> int:
        """What may be planned for: the usable quota less the reserve."""
        return int(self.quota.usable_bytes * (1 - RESERVE_SHARE))

    @property
    def reserve_bytes(self) -> int:
        """What is left of the usable quota; below 0 for a plan that does not fit."""
        return self.quota.usable_bytes - self.total_bytes

    @property
    def refusal(self) -> str:
        """Why what the operator asks for cannot be, with the arithmetic; empty when it can."""
        if self.reserve_bytes >= 0 or not self.given:
            return ""
        return (
            f"{self.given} does not fit into {describe_quota(self.quota)}: {self.arithmetic} = "
            f"{show(self.total_bytes)}; lower it, or raise MEMORY_QUOTA_MB where there is more"
        )

    def describe(self) -> str:
        """The plan in one line."""
        left_bytes = self.reserve_bytes
        left = f"{show(left_bytes)} in reserve" if left_bytes >= 0 else "more than there is"
        return (
            f"{self.arithmetic} = {show(self.total_bytes)} of {describe_quota(self.quota)}, {left}"
        )


@dataclass(frozen=True, kw_only=True)
class WebPlan(Plan):
    """gunicorn's processes, each with what it may hold for the requests that it serves."""

    request_bytes: int
    given_processes: int = 0

    @property
    def processes(self) -> int:
        """How many serve requests; the master comes on top."""
        if self.given_processes:
            return self.given_processes
        on_host = self.quota.source == HOST
        most = MOST_WEB_PROCESSES_ON_HOST if on_host else MOST_WEB_PROCESSES
        each_bytes = self._process_bytes + self.request_bytes
        return min(most, max(1, (self.room_bytes - self._base_bytes) // each_bytes))

    @property
    def total_bytes(self) -> int:
        """What everything takes at its worst."""
        return self._base_bytes + self.processes * (self._process_bytes + self.request_bytes)

    @property
    def given(self) -> str:
        """What the operator asked for beyond the least, as it is set; empty for nothing."""
        return f"WEB_CONCURRENCY={self.given_processes}" if self.given_processes > 1 else ""

    @property
    def arithmetic(self) -> str:
        """How `total_bytes` comes about."""
        return (
            f"master {show(self._base_bytes)} + {self.processes} x (web process "
            f"{show(self._process_bytes)} + requests {show(self.request_bytes)})"
        )

    @property
    def _base_bytes(self) -> int:
        return WEB_BASE_BYTES + self.store_bytes

    @property
    def _process_bytes(self) -> int:
        return WEB_PROCESS_BYTES + self.store_bytes


@dataclass(frozen=True, kw_only=True)
class WorkerPlan(Plan):
    """A cluster's processes: template, supervisor and seats, each with a task at its limit."""

    given_seats: int = 0
    given_task_limit_bytes: int = 0

    @property
    def seats(self) -> int:
        """How many tasks run at the same time."""
        if self.given_seats:
            return self.given_seats
        most = MOST_SEATS_ON_HOST if self.quota.source == HOST else MOST_SEATS
        wanted_bytes = self.given_task_limit_bytes or WANTED_TASK_LIMIT_BYTES
        return min(most, max(1, self._free_bytes // (self._seat_bytes + wanted_bytes)))

    @property
    def task_limit_bytes(self) -> int:
        """How much a task may add to its seat, in whole MiB."""
        if self.given_task_limit_bytes:
            return self.given_task_limit_bytes
        left_bytes = self._free_bytes // self.seats - self._seat_bytes
        return max(LEAST_TASK_LIMIT_BYTES, left_bytes // MIB * MIB)

    @property
    def most_task_bytes(self) -> int:
        """How much one task may add at most: all that is left while no other seat runs any."""
        alone_bytes = self._free_bytes - self.seats * self._debt_bytes - BURST_BYTES
        return max(self.task_limit_bytes, alone_bytes)

    def limit_task(self, wanted_bytes: int | None, *, is_alone: bool) -> int:
        """What a task may add that wants this, or None for as much as any other."""
        if is_alone:
            return self.most_task_bytes
        return min(wanted_bytes or self.task_limit_bytes, self.most_task_bytes)

    @property
    def total_bytes(self) -> int:
        """What everything takes at its worst."""
        return self._base_bytes + self.seats * (self._seat_bytes + self.task_limit_bytes)

    @property
    def given(self) -> str:
        """What the operator asked for beyond the least, as it is set; empty for nothing."""
        limit_mb = self.given_task_limit_bytes // MIB
        seats = f"WORKER_SEATS={self.given_seats}" if self.given_seats > 1 else ""
        limit = f"TASK_MEMORY_LIMIT_MB={limit_mb}" if limit_mb else ""
        return " with ".join(filter(None, (seats, limit)))

    @property
    def arithmetic(self) -> str:
        """How `total_bytes` comes about."""
        return (
            f"template and supervisor {show(self._base_bytes)} + {self.seats} x (seat "
            f"{show(self._debt_bytes)} + task {show(self.task_limit_bytes)} + burst "
            f"{show(BURST_BYTES)})"
        )

    @property
    def _free_bytes(self) -> int:
        return self.room_bytes - self._base_bytes

    @property
    def _base_bytes(self) -> int:
        return WORKER_BASE_BYTES + self.store_bytes

    @property
    def _debt_bytes(self) -> int:
        return SEAT_DEBT_BYTES + self.store_bytes

    @property
    def _seat_bytes(self) -> int:
        return self._debt_bytes + BURST_BYTES


def show(size_bytes: int) -> str:
    """A size in whole MB."""
    return f"{size_bytes // MIB} MB"


def describe_quota(quota: Quota) -> str:
    """A quota with its source, such as "512 MB (DYNO_RAM)"."""
    source = "half of the host" if quota.source == HOST else quota.source
    return f"{show(quota.usable_bytes)} ({source})"
