"""Resumable uploads in the admin: what arrives now, what was left, what became of it."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import DELETION, LogEntry
from django.db.models import BinaryField, QuerySet, TextField
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from unfold.dataclasses import ActionDialog, UnfoldAction
from unfold.decorators import action, display
from unfold.enums import ActionVariant

from processing.admin.window import WindowAdmin, show_bytes, show_due, show_link, show_time
from processing.models import ResumableUpload
from processing.queue.resumable.termination import remove_upload

#: One action ends so many uploads at most: it removes their files while the browser waits.
MOST_UPLOADS = 100

ASK_END: ActionDialog = {
    "title": "End this upload?",
    "description": "What came of it is removed. Its client is told that there is no such upload.",
    "form_class": None,
    "form_submit_text": "End the upload",
}


@admin.register(ResumableUpload)
class ResumableUploadAdmin(WindowAdmin):
    """A list of the uploads that came in several requests, newest first."""

    list_display = (
        "filename",
        "kind",
        "arrived",
        "percent",
        "is_held",
        "expires_in",
        "owner_link",
        "created",
    )
    list_filter = ("kind", "is_open", "created_at")
    search_fields = ("filename__istartswith", "id__istartswith")
    search_help_text = "the beginning of a filename or id"
    ordering = ("-created_at", "-id")
    fields = (
        "id",
        "filename",
        "media_type",
        "kind",
        "part_number",
        "processor",
        "caller",
        "metadata",
        "arrived",
        "percent",
        "stored_name",
        "holder",
        "held_until",
        "created",
        "expires",
        "owner_link",
    )
    actions = ("end_selected",)
    actions_detail = ("end",)  # type: ignore[assignment]  # unfold means any tuple

    def has_operate_permission(self, request: HttpRequest, object_id: str | None = None) -> bool:
        """Whoever may change uploads; nobody edits them, so that is what it means here."""
        return request.user.has_perm("processing.change_resumableupload")

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> list[UnfoldAction]:
        """The button of a page, for an upload whose bytes nothing owns."""
        upload = self.get_object(request, object_id)
        is_offered = upload is not None and upload.is_open
        return super().get_actions_detail(request, object_id) if is_offered else []

    def get_queryset(self, request: HttpRequest) -> QuerySet[ResumableUpload]:
        """Uploads without what may be large, and with as much of their job as a link needs."""
        large = (TextField, BinaryField)
        mine = [
            field.name for field in ResumableUpload._meta.fields if not isinstance(field, large)
        ]
        uploads: QuerySet[ResumableUpload] = super().get_queryset(request).select_related("job")
        return uploads.only(*mine, "job__processor", "job__state")

    @admin.action(description="End selected unfinished uploads", permissions=["operate"])
    def end_selected(self, request: HttpRequest, uploads: QuerySet[ResumableUpload]) -> None:
        """Remove those whose bytes no job owns."""
        self._end(request, uploads)

    @action(  # type: ignore[operator]  # not what its annotation says
        description="End",
        icon="block",
        permissions=["operate"],
        dialog=ASK_END,
        variant=ActionVariant.DANGER,
    )
    def end(self, request: HttpRequest, form: Any, object_id: str) -> HttpResponse:
        """Remove this upload."""
        upload = self.get_object(request, object_id)
        if upload is None:
            raise Http404
        self._end(request, ResumableUpload.objects.filter(pk=upload.pk))
        page = reverse("admin:processing_resumableupload_changelist")
        return HttpResponse(headers={"HX-Redirect": page})

    def _end(self, request: HttpRequest, uploads: QuerySet[ResumableUpload]) -> None:
        ending = ResumableUpload.objects.open()
        chosen = list(uploads[: MOST_UPLOADS + 1])
        tried = chosen[:MOST_UPLOADS]
        ended = [upload for upload in tried if remove_upload(upload.pk, ending) is not None]
        LogEntry.objects.log_actions(
            request.user.pk,  # type: ignore[arg-type]  # nobody is here without a session
            ended,
            DELETION,
            change_message="Ended.",
        )
        text = _describe(len(ended), len(tried), has_more=len(chosen) > MOST_UPLOADS)
        self.message_user(request, text, messages.SUCCESS if ended else messages.WARNING)

    @display(description="arrived")
    def arrived(self, upload: ResumableUpload) -> str:
        """How much there is, of how much there will be."""
        length = show_bytes(upload.length) or "an unknown length"
        return f"{show_bytes(upload.offset)} of {length}"

    @display(description="percent")
    def percent(self, upload: ResumableUpload) -> str | None:
        """The same as a share."""
        return f"{upload.offset / upload.length:.0%}" if upload.length else None

    @display(description="receiving", boolean=True)
    def is_held(self, upload: ResumableUpload) -> bool:
        """Whether a request works on it."""
        ends_at = upload.holder_expires_at
        return ends_at is not None and ends_at > timezone.now()

    @display(description="held until")
    def held_until(self, upload: ResumableUpload) -> SafeString | None:
        """When its holder's lease is over, unless it is renewed."""
        return show_time(upload.holder_expires_at)

    @display(description="expires")
    def expires_in(self, upload: ResumableUpload) -> SafeString | None:
        """How long it is kept if nothing more comes."""
        return show_due(upload.expires_at)

    @display(description="expires")
    def expires(self, upload: ResumableUpload) -> SafeString | None:
        """Until when it is kept if nothing more comes."""
        return show_time(upload.expires_at)

    @display(description="created", ordering="created_at")
    def created(self, upload: ResumableUpload) -> SafeString | None:
        """When it was begun."""
        return show_time(upload.created_at)

    @display(description="job or final upload")
    def owner_link(self, upload: ResumableUpload) -> SafeString | None:
        """The job that reads it, or the upload that it is a part of."""
        if upload.job is not None:
            page = reverse("admin:processing_job_change", args=[upload.job.pk])
            return show_link(page, f"{upload.job.processor} ({upload.job.state})")
        if upload.final_id is not None:
            page = reverse("admin:processing_resumableupload_change", args=[upload.final_id])
            return show_link(page, f"part {upload.part_number} of a final upload")
        return None


def _describe(ended_count: int, tried_count: int, *, has_more: bool) -> str:
    said = [f"{ended_count:,} unfinished upload{'' if ended_count == 1 else 's'} ended."]
    if ended_count < tried_count:
        said.append(f"Skipped {tried_count - ended_count:,} whose bytes a job owns, or gone.")
    if has_more:
        said.append(f"One action takes {MOST_UPLOADS:,} uploads; run it again for the rest.")
    return " ".join(said)
