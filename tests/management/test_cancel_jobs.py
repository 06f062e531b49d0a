"""`manage.py cancel_jobs`, on rows of the database."""

from __future__ import annotations

import pytest

from processing.models import Job
from processing.models.states import State
from tests.factories import make_job
from tests.management.conftest import Run

pytestmark = pytest.mark.django_db


def states() -> dict[str, str]:
    """The state of each job by its name."""
    return dict(Job.objects.values_list("name", "state"))


def asked() -> set[str]:
    """The names of the jobs that were asked to stop."""
    jobs = Job.objects.exclude(cancel_requested_at=None)
    return set(jobs.values_list("name", flat=True))


def test_jobs_are_cancelled_by_their_ids(run: Run) -> None:
    jobs = [make_job(name=state, state=state) for state in State.values]
    said = run("cancel_jobs", *(str(job.pk) for job in jobs))
    assert said.out == (
        "1 job cancelled, 1 running job asked to stop.\n"
        "Skipped: 1 cancelled, 1 failed, 1 succeeded.\n"
    )
    assert states() == {state: state for state in State.values} | {"queued": "cancelled"}
    assert asked() == {"running"}


def test_a_processor_chooses_what_waits_for_it_or_runs(run: Run) -> None:
    make_job(name="echo")
    make_job(name="upper", processor="upper")
    make_job(name="runs", processor="upper", state="running")
    make_job(name="done", processor="upper", state="succeeded")
    document = run("cancel_jobs", "--processor", "upper", "--json").document
    assert document == {
        "jobs": 1,
        "asked": 1,
        "skipped": {},
        "unknown": [],
        "has_more": False,
        "dry_run": False,
    }
    assert states() == {
        "echo": "queued",
        "upper": "cancelled",
        "runs": "running",
        "done": "succeeded",
    }
    assert asked() == {"runs"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--state", "queued"], "1 job cancelled.\n"),
        (["--state", "running"], "1 running job asked to stop.\n"),
        (["--all", "--state", "running"], "1 running job asked to stop.\n"),
        (["--processor", "upper", "--state", "running"], "0 jobs cancelled.\n"),
        (["--all"], "1 job cancelled, 1 running job asked to stop.\n"),
    ],
)
def test_a_state_narrows_the_choice(run: Run, arguments: list[str], said: str) -> None:
    make_job(name="waits")
    make_job(name="runs", state="running")
    assert run("cancel_jobs", *arguments).out == said


def test_asking_once_more_changes_nothing(run: Run) -> None:
    make_job(name="runs", state="running")
    run("cancel_jobs", "--all")
    asked_at = Job.objects.get().cancel_requested_at
    assert run("cancel_jobs", "--all").out == "1 running job asked to stop.\n"
    assert Job.objects.get().cancel_requested_at == asked_at


def test_everything_is_cancelled_only_when_asked_for(run: Run) -> None:
    make_job(name="echo")
    make_job(name="upper", processor="upper")
    make_job(name="runs", state="running")
    said = run("cancel_jobs")
    assert said.error.endswith("name jobs by their ids, or use --state, --processor or --all.")
    assert "invalid choice: 'failed'" in run("cancel_jobs", "--state", "failed").error
    assert run("cancel_jobs", "--all", "--dry-run").out == (
        "2 jobs would be cancelled, 1 running job would be asked to stop.\n"
    )
    assert states() == {"echo": "queued", "upper": "queued", "runs": "running"}
    assert asked() == set()
    run("cancel_jobs", "--all")
    assert states() == {"echo": "cancelled", "upper": "cancelled", "runs": "running"}


def test_all_together_with_ids_is_refused(run: Run) -> None:
    job = make_job(name="echo")
    assert run("cancel_jobs", str(job.pk), "--all").error.startswith("Give ids or filters, not ")
    assert states() == {"echo": "queued"}


def test_cancelled_jobs_can_be_brought_back(run: Run) -> None:
    make_job(name="echo")
    run("cancel_jobs", "--all")
    run("retry_jobs", "--state", "cancelled")
    assert states() == {"echo": "queued"}
