"""`manage.py retry_jobs`, on rows of the database."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from django.utils import timezone

from processing.models import Job
from processing.queue import bulk
from tests.factories import make_job
from tests.management.conftest import Run

pytestmark = pytest.mark.django_db

NOBODY = UUID("00000000-0000-0000-0000-00000000000a")


def states() -> dict[str, str]:
    """The state of each job by its name."""
    return dict(Job.objects.values_list("name", "state"))


def test_jobs_are_retried_by_their_ids(run: Run) -> None:
    failed = make_job(name="failed", state="failed", attempts=3)
    cancelled = make_job(name="cancelled", state="cancelled")
    make_job(name="other", state="failed")
    said = run("retry_jobs", str(failed.pk), cancelled.pk.hex)
    assert (said.out, said.error) == ("2 jobs queued again.\n", "")
    assert states() == {"failed": "queued", "cancelled": "queued", "other": "failed"}
    failed.refresh_from_db()
    assert failed.attempts == 0


def test_illegal_states_are_skipped_and_counted(run: Run) -> None:
    jobs = [make_job(name=state, state=state) for state in ("running", "succeeded", "failed")]
    said = run("retry_jobs", "--json", *(str(job.pk) for job in jobs))
    assert said.error == ""
    assert said.document == {
        "jobs": 1,
        "skipped": {"running": 1, "succeeded": 1},
        "unknown": [],
        "has_more": False,
        "dry_run": False,
    }
    assert states() == {"running": "running", "succeeded": "succeeded", "failed": "queued"}


def test_unknown_ids_are_named_and_the_known_are_still_done(run: Run) -> None:
    job = make_job(name="failed", state="failed")
    said = run("retry_jobs", str(NOBODY), str(job.pk), "--json")
    assert said.error == f"There is no job {NOBODY}."
    assert said.document["unknown"] == [str(NOBODY)]
    assert states() == {"failed": "queued"}


@pytest.mark.parametrize(
    ("filters", "retried"),
    [
        (["--state", "failed"], {"echo", "upper", "slow"}),
        (["--state", "cancelled"], {"called off"}),
        (["--processor", "upper"], {"upper"}),
        (["--error-code", "timeout"], {"slow"}),
        (["--processor", "echo", "--error-code", "timeout"], {"slow"}),
        (["--processor", "nobody"], set()),
    ],
)
def test_a_filter_chooses_failed_jobs_unless_told_otherwise(
    run: Run, filters: list[str], retried: set[str]
) -> None:
    make_job(name="echo", state="failed")
    make_job(name="upper", state="failed", processor="upper")
    make_job(name="slow", state="failed", error_code="timeout")
    make_job(name="called off", state="cancelled")
    make_job(name="done", state="succeeded")
    said = run("retry_jobs", *filters, "--json")
    assert said.document["jobs"] == len(retried)
    assert said.document["skipped"] == {}
    assert {name for name, state in states().items() if state == "queued"} == retried


def test_without_a_choice_nothing_is_done(run: Run) -> None:
    make_job(name="failed", state="failed")
    said = run("retry_jobs")
    assert said.error == (
        "No jobs were chosen: name jobs by their ids, or use --state, --processor or --error-code."
    )
    assert (said.out, states()) == ("", {"failed": "failed"})


def test_ids_and_filters_together_are_refused(run: Run) -> None:
    job = make_job(name="failed", state="failed")
    said = run("retry_jobs", str(job.pk), "--state", "failed")
    assert said.error.startswith("Give ids or filters, not both: ")
    assert states() == {"failed": "failed"}


def test_more_ids_than_one_run_takes_are_refused(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("processing.management.selection.DEFAULT_LIMIT", 2)
    jobs = [make_job(name="failed", state="failed") for _ in range(3)]
    said = run("retry_jobs", *(str(job.pk) for job in jobs))
    assert said.error == "3 ids are too many; give at most 2."
    assert states() == {"failed": "failed"}


def test_a_dry_run_counts_and_changes_nothing(run: Run) -> None:
    make_job(name="failed", state="failed")
    said = run("retry_jobs", "--state", "failed", "--dry-run")
    assert said.out == "1 job would be queued again.\n"
    assert run("retry_jobs", "--state", "failed", "--dry-run", "--json").document["dry_run"]
    assert states() == {"failed": "failed"}


def test_a_limit_takes_the_oldest_and_says_that_there_are_more(run: Run) -> None:
    for age in (1, 3, 2):
        created_at = timezone.now() - timedelta(hours=age)
        make_job(name=f"{age}", state="failed", created_at=created_at)
    said = run("retry_jobs", "--state", "failed", "--limit", "2")
    assert said.out == (
        "2 jobs queued again.\nThere are more; this run takes 2 at most. Run it again.\n"
    )
    assert states() == {"1": "failed", "2": "queued", "3": "queued"}


def test_long_work_shows_its_progress_beside_the_document(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "BATCH_JOBS", 2)
    for number in range(5):
        make_job(name=f"{number}", state="failed")
    said = run("retry_jobs", "--state", "failed", "--json")
    assert said.document["jobs"] == 5
    assert said.err == "2 of 5 jobs done\n4 of 5 jobs done\n"
    assert set(states().values()) == {"queued"}


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        (["12345"], "'12345' is not the id of a job; write it as the API gives it"),
        (["--state", "queued"], "invalid choice: 'queued'"),
        (["--error-code", "bad"], "invalid choice: 'bad'"),
        (["--state", "failed", "--limit", "0"], "'0' is not a number of jobs"),
        (["--state", "failed", "--limit", "-1"], "'-1' is not a number of jobs"),
        (["--state", "failed", "--limit", "many"], "'many' is not a number of jobs"),
    ],
)
def test_a_bad_argument_says_what_would_do(run: Run, arguments: list[str], fault: str) -> None:
    assert fault in run("retry_jobs", *arguments).error
