"""Pausing and resuming queues, on the page with the jobs."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.views.decorators.http import require_POST

from processing.admin.window import WindowAdmin
from processing.queue.pause import (
    describe_pause,
    list_pauses,
    name_own_queue,
    pause_queue,
    resume_queue,
)


class PausingAdmin(WindowAdmin):
    """A banner over the list for each paused queue, and a button for what can be done."""

    list_before_template = "processing/pauses.html"  # type: ignore[assignment]  # unfold's None

    def has_operate_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Whoever may change jobs; nobody edits them, so that is what it means here."""
        return request.user.has_perm("processing.change_job")

    def get_custom_urls(self) -> tuple[Any, ...]:
        """Where the buttons lead."""
        pause, resume = require_POST(self.pause), require_POST(self.resume)
        return (
            ("pause/", "processing_job_pause", pause),
            ("resume/", "processing_job_resume", resume),
        )

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> TemplateResponse:
        """The list, with what its banner says."""
        pauses, own_queue = list_pauses(), name_own_queue()
        context: dict[str, Any] = {
            **(extra_context or {}),
            "pauses": [(pause.queue, describe_pause(pause)) for pause in pauses],
            "own_queue": own_queue,
            "can_pause": own_queue not in {pause.queue for pause in pauses},
            "can_operate": self.has_operate_permission(request),
        }
        return super().changelist_view(request, context)

    def pause(self, request: HttpRequest, **options: Any) -> HttpResponse:
        """Pause the project's own queue."""
        queue = name_own_queue()
        self._check_permission(request)
        pause_queue(queue, request.user.get_username())
        text = f"The queue {queue} is paused; what runs goes on."
        return self._go_back(request, text)

    def resume(self, request: HttpRequest, **options: Any) -> HttpResponse:
        """Resume the paused queue that the form names."""
        queue = request.POST.get("queue", "")
        self._check_permission(request)
        is_paused = queue in {pause.queue for pause in list_pauses()}
        if is_paused and resume_queue(queue):
            return self._go_back(request, f"The queue {queue} is resumed.")
        return self._go_back(request, "That queue is not paused.")

    def _check_permission(self, request: HttpRequest) -> None:
        if not self.has_operate_permission(request):
            raise PermissionDenied

    def _go_back(self, request: HttpRequest, text: str) -> HttpResponse:
        self.message_user(request, text, messages.SUCCESS)
        return redirect("admin:processing_job_changelist")
