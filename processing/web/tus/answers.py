"""What answers about an upload say of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.utils.http import http_date

from processing.errors import PlimsollError
from processing.models import ResumableUpload


def answer_empty(status: int) -> HttpResponse:
    """An answer that has only headers."""
    response = HttpResponse(status=status)
    del response["Content-Type"]
    response["Cache-Control"] = "no-store"
    return response


def answer_progress(
    status: int, upload: ResumableUpload, offset: int, job_id: UUID | None
) -> HttpResponse:
    """An answer after bytes came: how far the upload is, and how long it is kept for the rest or
    where its job is."""
    response = answer_empty(status)
    response["Upload-Offset"] = str(offset)
    if job_id is not None:
        response["Job-Location"] = locate_job(job_id)
    elif upload.is_open:
        response["Upload-Expires"] = http_date(time.time() + settings.UPLOAD_EXPIRES_SECONDS)
    return response


@contextmanager
def telling_job(upload: ResumableUpload) -> Iterator[None]:
    """Have a refusal of a complete upload tell its job too."""
    try:
        yield
    except PlimsollError as error:
        if upload.job_id is not None:
            error.headers["Job-Location"] = locate_job(upload.job_id)
        raise


def locate_upload(upload: ResumableUpload) -> str:
    """The path of an upload."""
    return f"/uploads/{upload.pk}"


def locate_job(job_id: UUID) -> str:
    """The path of the job that an upload has become."""
    return f"/jobs/{job_id}"
