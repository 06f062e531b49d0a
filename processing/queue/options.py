"""When and how often a job runs, and before which others: what its submitter may ask for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from processing.models.states import Priority
from processing.queue.broker import DatabaseBroker

#: A later time is a mistake (milliseconds for seconds, say), and no database stores all of them.
LONGEST_DELAY_SECONDS = 10 * 365 * 86_400
#: With waits of up to ten minutes in between, more attempts take twenty years.
MOST_ATTEMPTS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class JobOptions:
    """Wishes for one job. Raises ValueError, saying what would do, for one that makes no sense."""

    priority: str | None = None
    """"low", "normal" or "high"; None: what the processor declares, else normal."""

    delay_seconds: float = 0.0
    """How long to wait before the first attempt."""

    run_after: datetime | None = None
    """The moment, with its time zone, before which there is no attempt; one that has passed is now.
    """

    max_attempts: int | None = None
    """How often it is tried before it has failed; None: the processor's or TASK_MAX_ATTEMPTS."""

    def __post_init__(self) -> None:
        """Check each value."""
        _check_priority(self.priority)
        _check_delay(self.delay_seconds)
        _check_moment(self.run_after)
        _check_attempts(self.max_attempts)
        if self.delay_seconds and self.run_after is not None:
            raise ValueError("delay_seconds and run_after are both given; use one of them")

    @property
    def given(self) -> dict[str, Any]:
        """What was asked for, as `insert_job` takes it."""
        wishes: dict[str, Any] = {}
        if self.priority is not None:
            wishes["priority"] = self.priority
        if self.delay_seconds:
            wishes["delay_seconds"] = self.delay_seconds
        if self.run_after is not None and self.run_after > timezone.now():
            wishes["run_after"] = self.run_after
        if self.max_attempts is not None:
            wishes["max_attempts"] = self.max_attempts
        return wishes


def job_options(
    *,
    priority: str | None = None,
    delay_seconds: float = 0.0,
    run_after: datetime | None = None,
    max_attempts: int | None = None,
) -> dict[str, Any]:
    """Options of one job for django-q2: `async_task(f, 1, **job_options(priority="high"))`.

    The values are those of JobOptions, which raises ValueError for one that makes no sense. The
    dict may be passed as q_options too. It is for a single call: of a chain it is the first task's.
    """
    wishes = JobOptions(
        priority=priority,
        delay_seconds=delay_seconds,
        run_after=run_after,
        max_attempts=max_attempts,
    )
    return {"broker": DatabaseBroker.for_job(wishes.given)}


def _check_priority(value: Any) -> None:
    if value is not None and value not in Priority.values:
        raise ValueError(f"priority is {value!r}; use {', '.join(Priority.values)}")


def _check_delay(value: Any) -> None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and 0 <= value <= LONGEST_DELAY_SECONDS):
        raise ValueError(
            f"delay_seconds is {value!r}; use a number of seconds from 0 to {LONGEST_DELAY_SECONDS}"
        )


def _check_moment(value: Any) -> None:
    if value is None:
        return
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise ValueError(
            f"run_after is {value!r}; use a datetime with a time zone, such as "
            "django.utils.timezone.now() and a timedelta"
        )
    if value - timezone.now() > timedelta(seconds=LONGEST_DELAY_SECONDS):
        raise ValueError(f"run_after is {value}; use a moment of the next ten years")


def _check_attempts(value: Any) -> None:
    if value is None:
        return
    is_count = isinstance(value, int) and not isinstance(value, bool)
    if not (is_count and 1 <= value <= MOST_ATTEMPTS):
        raise ValueError(
            f"max_attempts is {value!r}; use a whole number from 1 to {MOST_ATTEMPTS:,}"
        )
