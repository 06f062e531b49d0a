"""Sweeps as if all were old, and prints what is left as JSON, as stock.Stock has it.

A program of its own, for its settings are those of the service under test.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import django
from django.db.models import F
from django.utils import timezone

os.environ["DJANGO_SETTINGS_MODULE"] = "project.settings"
django.setup()

from processing.models import DatabaseChunk, Job, ResumableUpload, Upload  # noqa: E402
from processing.queue.sweep import sweep_uploads  # noqa: E402
from processing.uploads.spool import iter_spooled  # noqa: E402
from processing.uploads.store import iter_stored  # noqa: E402

AGE_SECONDS = 30 * 86400


def age_rows() -> None:
    """Have what is unfinished left alone for long, by clients and by webs that are dead."""
    past = timezone.now() - timedelta(seconds=AGE_SECONDS)
    ResumableUpload.objects.open().update(expires_at=past, holder_expires_at=past)
    Upload.objects.filter(job=None).update(created_at=past)


def sweep_in_the_future() -> None:
    """Files are as old as their store says; for them the clock is put forward."""
    now = time.time
    with patch.object(time, "time", lambda: now() + AGE_SECONDS):
        sweep_uploads()


def take_stock() -> dict[str, Any]:
    finals = ResumableUpload.objects.filter(kind=ResumableUpload.Kind.FINAL)
    joined = set(finals.values_list("stored_name", flat=True))
    sources = set(Upload.objects.values_list("stored_name", flat=True))
    resumable = set(ResumableUpload.objects.values_list("stored_name", flat=True))
    results = set(Job.objects.exclude(result_name="").values_list("result_name", flat=True))
    return {
        "spooled": [entry.name for entry in iter_spooled()],
        "stored": [entry.name for entry in iter_stored()],
        "owned": [*((sources | resumable | results) - joined)],
        "unfinished_count": ResumableUpload.objects.open().count(),
        "idle_upload_count": Upload.objects.filter(job=None).count(),
        "loose_chunk_count": DatabaseChunk.objects.filter(start__gte=F("file__size_bytes")).count(),
        "wrong_digests": list(find_wrong_digests(joined)),
    }


def find_wrong_digests(joined: set[str]) -> Iterator[str]:
    """Uploads whose digest, made as they came, is not what the processor sha256 made of the file.

    Of what was joined there is none.
    """
    jobs = Job.objects.filter(processor="sha256", state=Job.State.SUCCEEDED)
    for job in jobs.select_related("upload"):
        found = "" if job.upload.stored_name in joined else json.loads(job.result)["sha256"]
        if job.upload.sha256 != found:
            yield f"{job.upload_id}: {job.upload.sha256} instead of {found}"


age_rows()
sweep_in_the_future()
print(json.dumps(take_stock()))
