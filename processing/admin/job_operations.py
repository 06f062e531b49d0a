"""What the admin does to jobs: retry and cancel, where that is legal."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from unfold.dataclasses import ActionDialog, UnfoldAction
from unfold.decorators import action
from unfold.enums import ActionVariant

from processing.admin.window import WindowAdmin
from processing.models import Job
from processing.models.job import JobQuerySet
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
    "description": "It is taken off the queue. It can be retried later.",
    "form_class": None,
    "form_submit_text": "Cancel the job",
}


class OperatingAdmin(WindowAdmin):
    """Retry and cancel as actions of the list and as buttons of the page."""

    actions = ("retry_selected", "cancel_selected")
    actions_detail = ("retry", "cancel")  # type: ignore[assignment]  # unfold means any tuple

    def has_operate_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Whoever may change jobs; nobody edits them, so that is what it means here."""
        return request.user.has_perm("processing.change_job")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[UnfoldAction]:
        """The buttons of this job's page: what its state allows now."""
        job = self.get_object(request, object_id)
        buttons = super().get_actions_detail(request, object_id)
        return [
            button
            for button in buttons
            if job is not None and job.state in OPERATIONS[button.path].legal_states
        ]

    @admin.action(description="Retry selected jobs", permissions=["operate"])
    def retry_selected(self, request: HttpRequest, jobs: JobQuerySet) -> None:
        """Queue those again that failed or were cancelled."""
        self._operate(RETRY, request, jobs)

    @admin.action(description="Cancel selected jobs", permissions=["operate"])
    def cancel_selected(self, request: HttpRequest, jobs: JobQuerySet) -> None:
        """Take those off the queue that wait."""
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
        """Take this job off the queue."""
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
        LogEntry.objects.log_actions(
            request.user.pk,  # type: ignore[arg-type]  # nobody is here without a session
            Job.objects.filter(pk__in=outcome.job_ids).without_bulk(),
            CHANGE,
            change_message=f"{operation.done.capitalize()}.",
        )
        level = messages.SUCCESS if outcome.job_ids else messages.WARNING
        self.message_user(request, _describe(operation, outcome), level)


def _describe(operation: Operation, outcome: Outcome) -> str:
    count = len(outcome.job_ids)
    said = [f"{count:,} {'job' if count == 1 else 'jobs'} {operation.done}."]
    if outcome.skipped:
        legal = " or ".join(operation.legal_states)
        said.append(f"Skipped {outcome.describe_skipped()}: only {legal} jobs can be done.")
    if outcome.has_more:
        said.append(f"One action takes {MOST_JOBS:,} jobs at most; run it again for the rest.")
    return " ".join(said)
