"""Retry and cancel in the admin: only legal states are touched, and the rest is told."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from processing.admin import job_operations
from processing.errors import IllegalState
from processing.models import Job
from processing.models.states import State
from processing.queue import bulk
from tests.factories import make_job

pytestmark = pytest.mark.django_db

LIST = "/admin/processing/job/"


def act(client: Client, action: str, jobs: Iterable[Job], **more: str) -> list[str]:
    """Run an action on the selected jobs; the messages that the list then shows."""
    selected = [str(job.pk) for job in jobs]
    data = {"action": action, "_selected_action": selected, "index": "0", **more}
    response = client.post(LIST, data, follow=True)
    assert response.status_code == 200
    return [str(message) for message in response.context["messages"]]


def press(client: Client, job: Job, button: str) -> int:
    """Confirm a button's dialog of the job's page; the status of the answer."""
    return client.post(f"{LIST}{job.pk}/{button}/", {"_form_submitted": "True"}).status_code


def buttons(client: Client, job: Job) -> set[str]:
    text = client.get(f"{LIST}{job.pk}/change/").content.decode()
    return {name for name in ("retry", "cancel") if f'hx-get="{LIST}{job.pk}/{name}/"' in text}


def states() -> dict[str, str]:
    """The state of each job by its name."""
    return dict(Job.objects.values_list("name", "state"))


@pytest.fixture
def one_of_each(db: None) -> list[Job]:
    """A job in every state, named after it."""
    return [make_job(name=state, state=state) for state in State.values]


def test_retry_queues_what_failed_or_was_cancelled(
    operator: Client, one_of_each: list[Job]
) -> None:
    [message] = act(operator, "retry_selected", one_of_each)
    assert message == (
        "2 jobs queued again. Skipped 1 queued, 1 running, 1 succeeded: "
        "only failed or cancelled jobs can be done."
    )
    moved = {"failed": "queued", "cancelled": "queued"}
    assert states() == {state: moved.get(state, state) for state in State.values}


def test_cancel_takes_off_what_waits_and_asks_what_runs(
    operator: Client, one_of_each: list[Job]
) -> None:
    [message] = act(operator, "cancel_selected", one_of_each)
    assert message == (
        "1 job cancelled, 1 running job asked to stop. Skipped 1 cancelled, 1 failed, 1 succeeded: "
        "only queued or running jobs can be done."
    )
    assert states() == {state: state for state in State.values} | {"queued": "cancelled"}
    asked = Job.objects.exclude(cancel_requested_at=None)
    assert [job.name for job in asked] == ["running"]
    entries = LogEntry.objects.values_list("object_id", "change_message")
    assert dict(entries) == {
        str(job.pk): {"queued": "Cancelled.", "running": "Asked to stop."}[job.name]
        for job in one_of_each
        if job.name in {"queued", "running"}
    }


def test_jobs_that_were_not_selected_are_left_alone(operator: Client) -> None:
    selected = make_job(name="selected", state="failed")
    make_job(name="other", state="failed")
    assert act(operator, "retry_selected", [selected]) == ["1 job queued again."]
    assert states() == {"selected": "queued", "other": "failed"}


def test_all_pages_at_once_are_taken_up_to_a_bound(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_operations, "MOST_JOBS", 2)
    jobs = [make_job(name=f"{number}", state="failed") for number in range(3)]
    messages = act(operator, "retry_selected", jobs[:1], select_across="1")
    assert messages == [
        "2 jobs queued again. One action takes 2 jobs at most; run it again for the rest."
    ]
    assert states() == {"0": "queued", "1": "queued", "2": "failed"}, "the oldest come first"
    [message] = act(operator, "retry_selected", jobs[:1], select_across="1")
    assert message.startswith("1 job queued again. Skipped 2 queued")


def test_a_job_that_changed_meanwhile_is_skipped(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(job: Job) -> None:
        Job.objects.filter(pk=job.pk).update(state="succeeded")
        with pytest.raises(IllegalState) as caught:
            job.cancel()
        raise caught.value

    operation = bulk.Operation(
        verb="cancel", done="cancelled", legal_states=(State.QUEUED,), move=lose
    )
    monkeypatch.setattr(job_operations, "CANCEL", operation)
    [message] = act(operator, "cancel_selected", [make_job()])
    assert message == "0 jobs cancelled. Skipped 1 succeeded: only queued jobs can be done."


def test_who_did_it_is_in_the_history(operator: Client) -> None:
    job = make_job(state="failed")
    act(operator, "retry_selected", [job])
    entry = LogEntry.objects.get(object_id=str(job.pk))
    assert (entry.user.username, entry.change_message) == ("admin", "Queued again.")
    text = operator.get(f"{LIST}{job.pk}/history/").content.decode()
    assert "Queued again." in text


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        ("queued", {"cancel"}),
        ("running", {"cancel"}),
        ("succeeded", set()),
        ("failed", {"retry"}),
        ("cancelled", {"retry"}),
    ],
)
def test_the_page_offers_what_the_state_allows(
    operator: Client, state: str, offered: set[str]
) -> None:
    assert buttons(operator, make_job(state=state)) == offered


def test_a_job_that_was_asked_to_stop_is_not_asked_again(operator: Client) -> None:
    job = make_job(state="running")
    assert press(operator, job, "cancel") == 200
    [message] = operator.get(f"{LIST}{job.pk}/change/").context["messages"]
    assert str(message) == "1 running job asked to stop."
    assert buttons(operator, job) == set()
    assert "Asked to stop" in operator.get(f"{LIST}{job.pk}/change/").content.decode()


@pytest.mark.parametrize(
    ("button", "before", "after"),
    [("retry", "failed", "queued"), ("cancel", "queued", "cancelled")],
)
def test_a_button_asks_first_and_then_acts(
    operator: Client, button: str, before: str, after: str
) -> None:
    job = make_job(state=before)
    asked = operator.get(f"{LIST}{job.pk}/{button}/")
    assert asked.status_code == 200
    assert "csrfmiddlewaretoken" in asked.content.decode()
    assert states() == {"echo": before}, "a link alone must change nothing"
    assert press(operator, job, button) == 200
    assert states() == {"echo": after}
    shown = operator.get(f"{LIST}{job.pk}/change/").context["messages"]
    assert len(list(shown)) == 1


def test_a_button_that_came_too_late_says_so(operator: Client) -> None:
    job = make_job(state="succeeded")
    assert press(operator, job, "cancel") == 200
    [message] = operator.get(f"{LIST}{job.pk}/change/").context["messages"]
    assert str(message).startswith("0 jobs cancelled. Skipped 1 succeeded")
    assert states() == {"echo": "succeeded"}


def test_a_button_of_a_job_that_is_gone_is_404(operator: Client) -> None:
    job = make_job()
    Job.objects.all().delete()
    assert press(operator, job, "cancel") == 404
    assert operator.post(f"{LIST}nonsense/cancel/", {"_form_submitted": "True"}).status_code == 404


def test_a_post_from_elsewhere_is_refused(operator: Client) -> None:
    job = make_job()
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator.cookies
    assert press(strict, job, "cancel") == 403
    assert states() == {"echo": "queued"}


def test_who_may_only_look_can_do_nothing(viewer: Client) -> None:
    failed = make_job(name="failed", state="failed")
    assert viewer.get(LIST).status_code == 200
    assert buttons(viewer, failed) == set()
    assert press(viewer, failed, "retry") == 403
    act(viewer, "retry_selected", [failed])
    assert states() == {"failed": "failed"}
