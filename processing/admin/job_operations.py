"""What the admin does to jobs: retry and cancel, where that is legal."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from unfold.dataclasses import ActionDialog, UnfoldAction
from unfold.decorators import action
from unfold.enums import ActionVariant

from processing.admin.pausing import PausingAdmin
from processing.models import Job
from processing.models.job_query import JobQuerySet
from processing.queue.bulk import CANCEL, RETRY, Operation, Outcome, operate_on_jobs

#: One action moves so many jobs at most: it runs while the browser waits.
MOST_JOBS = 1000

#: By the path of the button.
OPERATIONS = {operation.verb: operation for operation in (RETRY, CANCEL)}

ASK_RETRY: ActionDialog = {
    "title": "Queue this job again?",
    "description": "It starts anew, with all of its attempts.",
    "form_class": None,
    "form_submit_text": "Retry",
}
ASK_CANCEL: ActionDialog = {
    "title": "Cancel this job?",
    "description": "Where it waits, it is taken off the queue; where it runs, it is stopped. "
    "It can be retried later.",
    "form_class": None,
    "form_submit_text": "Cancel the job",
}


class OperatingAdmin(PausingAdmin):
    """Retry and cancel as actions of the list and as buttons of the page."""

    actions = ("retry_selected", "cancel_selected")
    actions_detail = ("retry", "cancel")  # type: ignore[assignment]  # unfold means any tuple

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[UnfoldAction]:
        """The buttons of this job's page: what its state allows now."""
        job = self.get_object(request, object_id)
        buttons = super().get_actions_detail(request, object_id)
        return [
            button
            for button in buttons
            if job is not None and _is_offered(OPERATIONS[button.path], job)
        ]

    @admin.action(description="Retry selected jobs", permissions=["operate"])
    def retry_selected(self, request: HttpRequest, jobs: JobQuerySet) -> None:
        """Queue those again that failed or were cancelled."""
        self._operate(RETRY, request, jobs)

    @admin.action(description="Cancel selected jobs", permissions=["operate"])
    def cancel_selected(self, request: HttpRequest, jobs: JobQuerySet) -> None:
        """Take those off the queue that wait, and ask those to stop that run."""
        self._operate(CANCEL, request, jobs)

    @action(  # type: ignore[operator]  # not what its annotation says
        description="Retry", icon="replay", permissions=["operate"], dialog=ASK_RETRY
    )
    def retry(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        """Queue this job again."""
        return self._operate_on_one(RETRY, request, object_id)

    @action(  # type: ignore[operator]  # not what its annotation says
        description="Cancel",
        icon="block",
        permissions=["operate"],
        dialog=ASK_CANCEL,
        variant=ActionVariant.DANGER,
    )
    def cancel(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        """Take this job off the queue, or ask it to stop."""
        return self._operate_on_one(CANCEL, request, object_id)

    def _operate_on_one(
        self, operation: Operation, request: HttpRequest, object_id: str
    ) -> HttpResponse:
        job = self.get_object(request, object_id)
        if job is None:
            raise Http404
        self._operate(operation, request, Job.objects.filter(pk=job.pk))
        page = reverse("admin:processing_job_change", args=[job.pk])
        return HttpResponse(headers={"HX-Redirect": page})

    def _operate(self, operation: Operation, request: HttpRequest, jobs: JobQuerySet) -> None:
        outcome = operate_on_jobs(operation, jobs, limit=MOST_JOBS)
        _log(request, outcome.job_ids, operation.done)
        _log(request, outcome.asked_ids, operation.asked)
        is_done = outcome.job_ids or outcome.asked_ids
        self.message_user(
            request, _describe(outcome), messages.SUCCESS if is_done else messages.WARNING
        )


def _is_offered(operation: Operation, job: Job) -> bool:
    """Whether the state allows it, and it was not asked for already."""
    is_asked = operation is CANCEL and job.cancel_requested_at is not None
    return job.state in operation.legal_states and not is_asked


def _log(request: HttpRequest, job_ids: Collection[UUID], done: str) -> None:
    LogEntry.objects.log_actions(
        request.user.pk,  # type: ignore[arg-type]  # nobody is here without a session
        Job.objects.filter(pk__in=job_ids).without_bulk(),
        CHANGE,
        change_message=f"{done.capitalize()}.",
    )


def _describe(outcome: Outcome) -> str:
    said = [f"{outcome.describe_done()}."]
    if outcome.skipped:
        legal = " or ".join(outcome.operation.legal_states)
        said.append(f"Skipped {outcome.describe_skipped()}: only {legal} jobs can be done.")
    if outcome.has_more:
        said.append(f"One action takes {MOST_JOBS:,} jobs at most; run it again for the rest.")
    return " ".join(said)
