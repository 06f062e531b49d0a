"""How a delivery ended, and what becomes of its job."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any, Self

from django.db.models import F

from processing.backoff import double_wait
from processing.models import Job
from processing.models.states import NO_ERROR, Priority, State
from processing.queue.claims import Delivery
from processing.queue.failures import MEMORY_LIMIT_EXCEEDED
from processing.queue.second_try import find_alone_delay, is_worth_second_try

#: Outcomes beside the error codes.
SUCCEEDED = "succeeded"
CANCELLED = "cancelled"
GIVEN_BACK = "given back"

#: The wait before attempt n + 1 is RETRY_BASE_SECONDS · 2ⁿ⁻¹, at most RETRY_MAX_SECONDS.
RETRY_BASE_SECONDS = 2.0
RETRY_MAX_SECONDS = 600.0


@dataclass(frozen=True, kw_only=True)
class Ending:
    """What a supervisor knows of a delivery that has ended.

    `jobs` is what is to be queued behind it: "chain" when it succeeded, "after" when this was the
    end of the job. Times are of the monotonic clock, in seconds; a delivery that never began has
    none.
    """

    delivery: Delivery
    outcome: str
    charged: bool = True
    is_final: bool = False
    error: Mapping[str, str] = field(default_factory=lambda: dict(NO_ERROR))
    began_at: float | None = None
    ended_at: float = field(default_factory=monotonic)
    where: str = ""
    peak_memory_bytes: int | None = None
    allocation_profile: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    task: Mapping[str, Any] | None = None
    jobs: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of_lost(cls, delivery: Delivery, error: Mapping[str, str]) -> Self:
        """The end of a delivery whose cluster is gone."""
        return cls(delivery=delivery, outcome="worker_lost", charged=False, error=error)

    def as_given_back(self) -> Self:
        """The same end, of which the job knows nothing but that it is queued again."""
        return replace(
            self,
            outcome=GIVEN_BACK,
            charged=False,
            is_final=False,
            peak_memory_bytes=None,
            allocation_profile="",
            result={},
            task=None,
            jobs={},
        )

    @property
    def size_bytes(self) -> int:
        """What it takes in memory, about: the values of the task and the packages behind it."""
        values = [*(self.task or {}).values(), *(job["package"] for job in self.jobs.values())]
        values.append(self.allocation_profile)
        return sum(len(value) for value in values if isinstance(value, str))

    @property
    def began_seconds_ago(self) -> float | None:
        """How long ago the task began."""
        return None if self.began_at is None else monotonic() - self.began_at

    @property
    def line(self) -> str:
        """What the job's history keeps of it; see Job.past_deliveries."""
        entry = {
            "delivery": self.delivery.number,
            "started_at": _format_moment(self.began_at),
            "ended_at": _format_moment(self.ended_at),
            "where": self.where,
            "outcome": self.outcome,
            "charged": self.charged,
        }
        return json.dumps(entry) + "\n"

    def settle(self, job: Job) -> bool:
        """Make of `job` what this ending makes of it; False when its delivery runs no more.

        For any ending but a good one, of which many are settled at once. The `state` of `job` is
        the new one then; nothing else of it is.
        """
        number = self.delivery.number
        changes: dict[str, Any] = {"charged": self.charged, "line": self.line}
        if self.peak_memory_bytes is not None:
            changes["peak_memory_bytes"] = self.peak_memory_bytes
        if self.allocation_profile:
            changes["allocation_profile"] = self.allocation_profile
        if self.outcome == CANCELLED or job.cancel_requested_at is not None:
            return job.end(number, State.CANCELLED, **changes)
        if self.outcome == GIVEN_BACK:
            # It says nothing of the job, so that it does not count against its limit either.
            return job.give_back(number, delivery_limit=F("delivery_limit") + 1, **changes)
        changes |= self.error
        if self._is_end_of(job):
            return job.end(number, State.FAILED, **changes)
        if not self.charged:
            return job.give_back(number, **changes)
        delay_seconds = retry_delay_seconds(job.attempts + 1)
        if job.runs_alone or self.outcome == MEMORY_LIMIT_EXCEEDED:
            delay_seconds = max(delay_seconds, find_alone_delay(job))
            return job.give_back(
                number,
                delay_seconds=delay_seconds,
                priority=Priority.LOW,
                runs_alone=True,
                **changes,
            )
        return job.give_back(number, delay_seconds=delay_seconds, **changes)

    def _is_end_of(self, job: Job) -> bool:
        """Whether `job`, as it was before this failure, is not queued again."""
        has_attempts = job.attempts + self.charged < job.max_attempts
        if self.is_final or not has_attempts or job.deliveries >= job.delivery_limit:
            return True
        return self.outcome == MEMORY_LIMIT_EXCEEDED and not is_worth_second_try(job)


def retry_delay_seconds(attempt: int) -> float:
    """How long to wait after the failed attempt number `attempt`, with jitter of up to half."""
    delay = double_wait(RETRY_BASE_SECONDS, attempt - 1, most_seconds=RETRY_MAX_SECONDS)
    return delay * random.uniform(0.5, 1.0)  # noqa: S311  (spreads load, guards nothing)


def _format_moment(moment: float | None) -> str | None:
    if moment is None:
        return None
    return (datetime.now(UTC) - timedelta(seconds=monotonic() - moment)).isoformat()
