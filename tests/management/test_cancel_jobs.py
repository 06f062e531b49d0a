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


def test_jobs_are_cancelled_by_their_ids(run: Run) -> None:
    jobs = [make_job(name=state, state=state) for state in State.values]
    said = run("cancel_jobs", *(str(job.pk) for job in jobs))
    assert said.out == (
        "1 job cancelled.\nSkipped: 1 cancelled, 1 failed, 1 running, 1 succeeded.\n"
    )
    assert states() == {state: state for state in State.values} | {"queued": "cancelled"}


def test_a_processor_chooses_what_waits_for_it(run: Run) -> None:
    make_job(name="echo")
    make_job(name="upper", processor="upper")
    make_job(name="runs", processor="upper", state="running")
    said = run("cancel_jobs", "--processor", "upper", "--json")
    assert (said.document["jobs"], said.document["skipped"]) == (1, {})
    assert states() == {"echo": "queued", "upper": "cancelled", "runs": "running"}


def test_all_that_waits_is_cancelled_only_when_asked_for(run: Run) -> None:
    make_job(name="echo")
    make_job(name="upper", processor="upper")
    said = run("cancel_jobs")
    assert said.error.endswith("name jobs by their ids, or use --processor or --all.")
    assert set(states().values()) == {"queued"}
    assert run("cancel_jobs", "--all", "--dry-run").out == "2 jobs would be cancelled.\n"
    assert set(states().values()) == {"queued"}
    assert run("cancel_jobs", "--all").out == "2 jobs cancelled.\n"
    assert set(states().values()) == {"cancelled"}


def test_cancelled_jobs_can_be_brought_back(run: Run) -> None:
    make_job(name="echo")
    run("cancel_jobs", "--all")
    run("retry_jobs", "--state", "cancelled")
    assert states() == {"echo": "queued"}
