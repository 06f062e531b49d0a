"""Operations on many jobs, and what happens to the jobs in the meantime."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from processing.models import Job
from processing.models.states import State
from processing.queue import bulk
from processing.queue.bulk import CANCEL, RETRY, Operation, find_unknown, operate_on_jobs
from processing.queue.waiting import waiting
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
            is_legal = state in operation.legal_states
            assert len(outcome.job_ids) + len(outcome.asked_ids) == is_legal
            assert outcome.skipped == ({} if is_legal else {state: 1})


def test_of_a_job_that_runs_cancelling_only_asks() -> None:
    waits, runs = make_job(), make_job(state="running")
    rehearsed = operate_on_jobs(CANCEL, Job.objects.all(), limit=9, dry_run=True)
    assert set(Job.objects.values_list("state", "cancel_requested_at")) == {
        ("queued", None),
        ("running", None),
    }
    outcome = operate_on_jobs(CANCEL, Job.objects.all(), limit=9)
    for seen in (rehearsed, outcome):
        assert (seen.job_ids, seen.asked_ids) == ((waits.pk,), (runs.pk,))
    runs.refresh_from_db()
    assert (runs.state, runs.cancel_requested_at is None) == ("running", False)


@pytest.mark.parametrize(
    ("waiting", "running", "dry_run", "said"),
    [
        (0, 0, False, "0 jobs cancelled"),
        (1, 0, False, "1 job cancelled"),
        (0, 1, False, "1 running job asked to stop"),
        (2, 1, False, "2 jobs cancelled, 1 running job asked to stop"),
        (1, 2, True, "1 job would be cancelled, 2 running jobs would be asked to stop"),
    ],
)
def test_what_was_done_and_what_was_asked_are_told_apart(
    waiting: int, running: int, dry_run: bool, said: str
) -> None:
    for state, count in (("queued", waiting), ("running", running)):
        for _ in range(count):
            make_job(state=state)
    outcome = operate_on_jobs(CANCEL, Job.objects.all(), limit=9, dry_run=dry_run)
    assert outcome.describe_done() == said


def test_a_job_that_was_asked_to_stop_is_not_retried() -> None:
    make_job(state="running", cancel_requested_at=timezone.now())
    outcome = operate_on_jobs(RETRY, Job.objects.all(), limit=9)
    assert (outcome.job_ids, outcome.skipped) == ((), {"running": 1})


def test_after_many_were_moved_the_queue_is_counted_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processing.queue.waiting.SLICE_JOBS", 1)
    make_job()
    assert waiting.look().job_count == 1
    operate_on_jobs(CANCEL, Job.objects.all(), limit=9)
    assert waiting.look().job_count == 0


def test_who_waits_for_a_retried_job_is_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    monkeypatch.setattr(bulk, "notify_queue", told.append)
    make_job(state="failed", queue="reports")
    operate_on_jobs(RETRY, Job.objects.all(), limit=9)
    assert told == ["reports"]


def test_a_job_that_a_worker_took_first_is_asked_to_stop() -> None:
    make_job()
    take = meddle(lambda job: Job.objects.filter(pk=job.pk).update(state="running"))
    outcome = operate_on_jobs(take, Job.objects.all(), limit=10)
    assert (outcome.job_ids, len(outcome.asked_ids), outcome.skipped) == ((), 1, {})
    assert Job.objects.get().state == "running"


def test_a_job_that_ended_first_is_skipped() -> None:
    make_job()
    end = meddle(lambda job: Job.objects.filter(pk=job.pk).update(state="succeeded"))
    outcome = operate_on_jobs(end, Job.objects.all(), limit=10)
    assert (outcome.job_ids, outcome.asked_ids, outcome.skipped) == ((), (), {"succeeded": 1})


def test_a_job_that_was_purged_first_is_skipped() -> None:
    make_job()
    purge = meddle(lambda job: Job.objects.all().delete())
    outcome = operate_on_jobs(purge, Job.objects.all(), limit=10)
    assert (outcome.job_ids, outcome.skipped) == ((), {"gone": 1})


def test_one_that_is_lost_does_not_undo_the_others_of_its_batch() -> None:
    first, lost, last = (make_job() for _ in range(3))

    def end(job: Job) -> None:
        if job == lost:
            Job.objects.filter(pk=job.pk).update(state="failed")

    outcome = operate_on_jobs(meddle(end), Job.objects.all(), limit=10)
    assert set(outcome.job_ids) == {first.pk, last.pk}
    assert set(Job.objects.values_list("state", flat=True)) == {"cancelled", "failed"}


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
    assert not [sql for sql in statements if '"package"' in sql]
    assert statements[0].endswith(" LIMIT 11")


def test_unknown_ids_are_found_in_any_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BATCH_JOBS", 2)
    known = [make_job().pk for _ in range(3)]
    strangers = [UUID(int=number) for number in (1, 2)]
    assert find_unknown([strangers[0], *known, strangers[1]]) == strangers
    assert find_unknown([]) == []
