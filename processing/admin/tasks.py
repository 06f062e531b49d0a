"""django-q2's ended tasks in the admin. What it keeps pickled is left alone by the lists."""

from __future__ import annotations

import django_q.admin  # noqa: F401  (registers its own, which ours replace)
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django_q.models import Failure, OrmQ, Success, Task
from unfold.decorators import display

from processing.admin.pickles import PICKLED_FIELDS, describe_pickled
from processing.admin.window import WindowAdmin, show_link, show_text, show_time
from processing.queue.durations import describe_duration

admin.site.unregister([Success, Failure])
if admin.site.is_registered(OrmQ):  # only where django-q2 has been told to use its own table
    admin.site.unregister(OrmQ)


class TaskAdmin(WindowAdmin):
    """Tasks that ended. To run one again, retry its job: that keeps its options."""

    list_display = ("name", "func", "group", "ended", "duration", "attempt_count", "job_link")
    list_filter = ("stopped",)
    search_fields = ("id__startswith", "name", "func", "group")
    search_help_text = "id, name, function or group"
    ordering = ("-stopped",)
    sortable_by = ("ended",)
    fieldsets = (
        (None, {"fields": ("id", "name", "func", "hook", "group", "cluster", "job_link")}),
        ("Run", {"fields": ("started", "stopped", "duration", "attempt_count")}),
        ("Values", {"fields": ("called_with", "called_with_names", "returned")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Task]:
        """Tasks without what is pickled."""
        tasks: QuerySet[Task] = super().get_queryset(request).defer(*PICKLED_FIELDS)
        return tasks

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Task | None:
        """The task of a page, with its pickled values as texts in `shown`, by their names."""
        task = super().get_object(request, object_id, from_field)
        if task is not None:
            task.shown = {name: describe_pickled(task.id, name) for name in PICKLED_FIELDS}
        return task

    @display(description="ended", ordering="stopped")
    def ended(self, task: Task) -> str | None:
        """When it ended."""
        return show_time(task.stopped)

    @display(description="duration")
    def duration(self, task: Task) -> str:
        """How long it ran."""
        return describe_duration(max(0.0, task.time_taken()))

    @display(description="job")
    def job_link(self, task: Task) -> SafeString:
        """Its job, which has the same id and is purged at about the same time."""
        page = reverse("admin:processing_job_change", args=[task.id])
        return show_link(page, "job")

    @display(description="arguments")
    def called_with(self, task: Task) -> SafeString | None:
        """What it was called with."""
        return show_text(task.shown["args"])

    @display(description="keyword arguments")
    def called_with_names(self, task: Task) -> SafeString | None:
        """What it was called with by name."""
        return show_text(task.shown["kwargs"])

    @display(description="result")
    def returned(self, task: Task) -> SafeString | None:
        """What it returned, or its error."""
        return show_text(task.shown["result"])


admin.site.register([Success, Failure], TaskAdmin)
