"""What becomes of a job that took more memory than it may.

It is tried once more: alone, with all the room there is, under an allocation profile, at the place
of a low job whatever its priority, and at most once a minute for all jobs that do the same. Where
that was no better, or there is no such try, it has failed for good, whatever attempts are left.

There is none without an attempt left, nor where PARKED_MOST of the last LATEST_JOBS of its kind
failed like that: they need a higher limit, or a look at their profiles, and not the machine for
themselves again and again. While WAITING_MOST tries of its kind are still to come there is none
either: what these show holds for the others too, which would wait for hours in their line.

A job that was to run alone does so until it has ended or somebody retries it. What ended its try in
another way (its own error, its time, a lost worker, a stop) says nothing of its memory, and an
attempt beside others would only be one more over the limit. The bound in time holds for these too.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection

from processing.models import Job
from processing.models.states import LIVE_STATES, State
from processing.queue.failures import MEMORY_LIMIT_EXCEEDED
from processing.queue.statements import fetch_rows

#: Between two tries alone of one kind, in seconds.
ALONE_EVERY_SECONDS = 60.0
PARKED_MOST = 3
LATEST_JOBS = 20
WAITING_MOST = 3
#: State and error code of what failed like that.
PARKED = State.FAILED, MEMORY_LIMIT_EXCEEDED
#: So many jobs, of all kinds for a plain function, are looked through for those LATEST_JOBS: they
#: are the next that were created, so that most of them have ended.
LOOKED_AT_JOBS = 2_000
#: So many of the last that were over their limits are looked through for those that failed of it:
#: the others have succeeded alone, or wait.
LOOKED_AT_OVER = 200

#: How many of its kind have ended, of the LOOKED_AT_JOBS that came first from a moment on; it goes
#: on no longer than until there are more than LATEST_JOBS. SQLite keeps the state behind the
#: package, which may be large: that of jobs of other kinds is not read. CROSS JOIN says so to it.
COUNT_ENDED = """
SELECT COUNT(*) FROM (
    SELECT 1 FROM (
        SELECT id, processor, function FROM {jobs}
        WHERE created_at >= %(moment)s ORDER BY created_at LIMIT %(looked_at)s
    ) AS first_jobs CROSS JOIN {jobs} AS same
    WHERE first_jobs.processor = %(processor)s AND first_jobs.function = %(function)s
        AND same.id = first_jobs.id AND same.state IN ('succeeded', 'failed', 'cancelled')
    LIMIT %(enough)s
) AS ended
"""
#: The same where all of the LOOKED_AT_JOBS are of its processor, by the index of these.
COUNT_ENDED_OF_PROCESSOR = COUNT_ENDED.replace(
    "WHERE created_at",
    "WHERE processor = %(processor)s AND NOT (processor = '') AND created_at",
)

#: How long until the last try of that kind is due, and until it was taken: below 0 for the past.
#: The condition of the index stands here in its own words.
LAST_TRY = """
SELECT {seconds_until_due}, {seconds_until_started} FROM {jobs}
WHERE processor = %(processor)s AND function = %(function)s
    AND (runs_alone OR error_code = 'memory_limit_exceeded') AND runs_alone
ORDER BY run_after DESC LIMIT 1
"""


def is_worth_second_try(job: Job) -> bool:
    """Whether a job that went over its limit, and has attempts left, is to be tried alone."""
    return not (job.runs_alone or _is_hopeless(job) or _has_enough_waiting(job))


def find_alone_delay(job: Job) -> float:
    """In how many seconds the job may be tried alone.

    That is counted from when the last try of its kind, its own included, is due or was taken. Two
    that both waited for longer in a long queue may follow on each other.
    """
    rows = fetch_rows(LAST_TRY, {"processor": job.processor, "function": job.function})
    seconds = [float(value) for row in rows for value in row if value is not None]
    return max(0.0, *(value + ALONE_EVERY_SECONDS for value in seconds)) if seconds else 0.0


def _is_hopeless(job: Job) -> bool:
    """Whether PARKED_MOST of the LATEST_JOBS of its kind that ended were over their limits."""
    over = Job.objects.like(job).over_limit().order_by("-run_after")
    rows = over.values_list("state", "error_code", "created_at")[:LOOKED_AT_OVER]
    parked = [at for state, code, at in rows if (state, code) == PARKED][:PARKED_MOST]
    return len(parked) == PARKED_MOST and _count_ended(job, min(parked)) <= LATEST_JOBS


def _has_enough_waiting(job: Job) -> bool:
    """Whether WAITING_MOST of its kind wait for their tries: these are due later than any taken."""
    tries = Job.objects.like(job).over_limit().filter(runs_alone=True).order_by("-run_after")
    states = list(tries.values_list("state", flat=True)[:WAITING_MOST])
    return len(states) == WAITING_MOST and all(state in LIVE_STATES for state in states)


def _count_ended(job: Job, moment: datetime) -> int:
    """How many of its kind that came from `moment` on have ended; LATEST_JOBS + 1 for more."""
    parameters = {
        "processor": job.processor,
        "function": job.function,
        "moment": connection.ops.adapt_datetimefield_value(moment),
        "looked_at": LOOKED_AT_JOBS,
        "enough": LATEST_JOBS + 1,
    }
    template = COUNT_ENDED_OF_PROCESSOR if job.processor else COUNT_ENDED
    [(count,)] = fetch_rows(template, parameters)
    return int(count)
