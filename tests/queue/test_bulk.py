"""Operations on many jobs, and what happens to the jobs in the meantime."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from processing.models import Job
from processing.models.states import State
from processing.queue import bulk
from processing.queue.bulk import CANCEL, RETRY, Operation, find_unknown, operate_on_jobs
from tests.factories import make_job

pytestmark = pytest.mark.django_db


def meddle(change: Callable[[Job], object]) -> Operation:
    """Cancelling, when somebody else is quicker each time."""

    def move(job: Job) -> None:
        change(job)
        job.cancel()

    return Operation(verb="cancel", done="cancelled", legal_states=(State.QUEUED,), move=move)


def test_each_operation_knows_its_legal_states() -> None:
    for operation in (RETRY, CANCEL):
        for state in State:
            outcome = operate_on_jobs(
                operation, Job.objects.filter(pk=make_job(state=state).pk), limit=1
            )
            moved = state in operation.legal_states
            assert len(outcome.job_ids) == moved
            assert outcome.skipped == ({} if moved else {state: 1})


def test_a_job_that_a_worker_took_first_is_skipped() -> None:
    make_job()
    take = meddle(lambda job: Job.objects.filter(pk=job.pk).update(state="running"))
    outcome = operate_on_jobs(take, Job.objects.all(), limit=10)
    assert (outcome.job_ids, outcome.skipped) == ((), {"running": 1})
    assert Job.objects.get().state == "running"


def test_a_job_that_was_purged_first_is_skipped() -> None:
    make_job()
    purge = meddle(lambda job: Job.objects.all().delete())
    outcome = operate_on_jobs(purge, Job.objects.all(), limit=10)
    assert (outcome.job_ids, outcome.skipped) == ((), {"gone": 1})


def test_one_that_is_lost_does_not_undo_the_others_of_its_batch() -> None:
    first, lost, last = (make_job() for _ in range(3))

    def take(job: Job) -> None:
        if job == lost:
            Job.objects.filter(pk=job.pk).update(state="running")

    outcome = operate_on_jobs(meddle(take), Job.objects.all(), limit=10)
    assert set(outcome.job_ids) == {first.pk, last.pk}
    assert set(Job.objects.values_list("state", flat=True)) == {"cancelled", "running"}


def test_the_limit_counts_only_what_can_be_moved() -> None:
    for state in ("succeeded", "failed", "failed", "failed"):
        make_job(state=state)
    outcome = operate_on_jobs(RETRY, Job.objects.all(), limit=2)
    assert (len(outcome.job_ids), outcome.has_more) == (2, True)
    outcome = operate_on_jobs(RETRY, Job.objects.all(), limit=2)
    assert (len(outcome.job_ids), outcome.has_more) == (1, False)
    assert sum(outcome.skipped.values()) == 2, "no more of the three are counted than the limit"


def test_batches_are_told_as_they_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BATCH_JOBS", 2)
    for _ in range(5):
        make_job()
    told: list[tuple[int, int]] = []
    operate_on_jobs(
        CANCEL, Job.objects.all(), limit=9, on_batch=lambda done, total: told.append((done, total))
    )
    assert told == [(2, 5), (4, 5), (5, 5)]


def test_a_package_is_never_read_and_no_more_ids_than_the_limit() -> None:
    make_job(state="failed")
    with CaptureQueriesContext(connection) as queries:
        operate_on_jobs(RETRY, Job.objects.all(), limit=10)
    statements = [query["sql"] for query in queries]
    assert not [sql for sql in statements if "package" in sql]
    assert statements[0].endswith(" LIMIT 11")


def test_unknown_ids_are_found_in_any_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BATCH_JOBS", 2)
    known = [make_job().pk for _ in range(3)]
    strangers = [UUID(int=number) for number in (1, 2)]
    assert find_unknown([strangers[0], *known, strangers[1]]) == strangers
    assert find_unknown([]) == []
