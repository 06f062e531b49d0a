"""Jobs in the admin: the queue and its history, in place of django-q2's queued tasks."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models.functions import Left
from django.http import HttpRequest, HttpResponse

from processing.admin.allocations import tabulate_allocations
from processing.admin.deliveries import tabulate_deliveries
from processing.admin.job_columns import JobColumns
from processing.admin.job_filters import ErrorFilter, ProcessorFilter, StateFilter
from processing.admin.job_operations import OperatingAdmin
from processing.admin.window import TEXT_MAX_CHARACTERS
from processing.models import Job
from processing.models.job_query import JobQuerySet


@admin.register(Job)
class JobAdmin(JobColumns, OperatingAdmin):  # type: ignore[misc]  # unfold's mixins
    """A list of jobs, newest first, and what there is to know about one."""

    list_display = (
        "short_id",
        "work",
        "coloured_state",
        "tries",
        "percent",
        "size",
        "created",
        "due_in",
        "duration",
        "error",
    )
    list_filter = (("state", StateFilter), "priority", ProcessorFilter, ErrorFilter, "created_at")
    search_fields = ("id", "name", "function", "idempotency_key")
    search_help_text = "id, name, function or idempotency key"
    ordering = ("-created_at", "-id")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "id",
                    "coloured_state",
                    "priority",
                    "name",
                    "processor",
                    "function",
                    "caller",
                )
            },
        ),
        ("Result", {"fields": ("result_link", "result_preview", "kept_until")}),
        ("Error", {"fields": ("error", "message", "traceback")}),
        (
            "Time",
            {
                "fields": (
                    "created",
                    "due",
                    "due_in",
                    "started",
                    "stop_asked",
                    "finished",
                    "duration",
                )
            },
        ),
        (
            "Limits",
            {
                "fields": (
                    "tries",
                    "deliveries",
                    "timeout",
                    "memory_limit",
                    "peak_memory",
                    "alone",
                )
            },
        ),
        ("Worker", {"fields": ("queue", "claimed_by", "lease_ends", "percent")}),
        ("Source", {"fields": ("upload_link", "size", "idempotency_key")}),
    )

    change_form_after_template = "processing/job_tables.html"  # type: ignore[assignment]

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[tuple[Any, Any]]:
        """The sections that have something to say of this job."""
        shown = {"Result": obj is not None and obj.state == Job.State.SUCCEEDED}
        shown["Error"] = obj is not None and bool(obj.error_code)
        return [section for section in self.fieldsets if shown.get(section[0] or "", True)]

    def get_queryset(self, request: HttpRequest) -> JobQuerySet:
        """Jobs without what is large; a page loads what it shows."""
        jobs: JobQuerySet = Job.objects.without_bulk().defer("history")
        return jobs

    def get_object(
        self, request: HttpRequest, object_id: str, from_field: str | None = None
    ) -> Job | None:
        """The job of a page, with as much of its result as a page shows; nothing here saves it."""
        job: Job | None = super().get_object(request, object_id, from_field)
        if job is not None:
            start = Left("result", TEXT_MAX_CHARACTERS + 1)
            job.result = Job.objects.filter(pk=job.pk).values_list(start, flat=True).first()
        return job

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        """The page of a job, with what it allocated and its deliveries below."""
        context["allocations"] = tabulate_allocations(context["original"])
        context["deliveries"] = tabulate_deliveries(context["original"])
        page: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return page

    def get_search_results(
        self, request: HttpRequest, queryset: Any, search_term: str
    ) -> tuple[JobQuerySet, bool]:
        """Jobs that the term names; False: none of them twice."""
        term = search_term.strip()
        return queryset.matching(term) if term else queryset, False
