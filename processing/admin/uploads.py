"""Uploads in the admin."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from unfold.decorators import display

from processing.admin.window import WindowAdmin, show_bytes, show_link, show_time
from processing.models import Job, Upload

SHORT_DIGEST_DIGITS = 12


@admin.register(Upload)
class UploadAdmin(WindowAdmin):
    """A list of the files that were accepted, newest first."""

    list_display = ("filename", "size", "short_sha256", "job_link", "created")
    list_filter = ("created_at",)
    search_fields = ("filename__istartswith", "sha256__startswith")
    search_help_text = "the beginning of a filename or SHA-256"
    ordering = ("-created_at", "-id")
    fields = (
        "id",
        "filename",
        "media_type",
        "size",
        "sha256",
        "stored_name",
        "created",
        "job_link",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Upload]:
        """Uploads with as much of their job as a link needs."""
        mine = [field.name for field in Upload._meta.fields]
        uploads: QuerySet[Upload] = super().get_queryset(request).select_related("job")
        return uploads.only(*mine, "job__upload", "job__processor", "job__state")

    @display(description="size")
    def size(self, upload: Upload) -> str | None:
        """The size for people."""
        return show_bytes(upload.size_bytes)

    @display(description="SHA-256")
    def short_sha256(self, upload: Upload) -> str:
        """The beginning of the digest."""
        return upload.sha256[:SHORT_DIGEST_DIGITS]

    @display(description="created", ordering="created_at")
    def created(self, upload: Upload) -> str | None:
        """When it was complete."""
        return show_time(upload.created_at)

    @display(description="job")
    def job_link(self, upload: Upload) -> SafeString | None:
        """The job that reads it."""
        job: Job | None = getattr(upload, "job", None)
        if job is None:
            return None
        page = reverse("admin:processing_job_change", args=[job.pk])
        return show_link(page, f"{job.processor} ({job.state})")
