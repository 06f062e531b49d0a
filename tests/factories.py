"""Rows for tests, with defaults that a real row would have."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone

from processing.models import Job, Upload


def make_job(**columns: Any) -> Job:
    """A queued job of the processor `echo`, saved; `columns` override."""
    defaults = {
        "queue": "plimsoll",
        "name": "echo",
        "function": "processing.queue.run.run_processor",
        "processor": "echo",
        "package": "not a package",
        "max_attempts": 3,
        "delivery_limit": 13,
        # SQLite's clock counts milliseconds, so that a job of this very moment may not be due yet.
        "run_after": timezone.now() - timedelta(seconds=1),
    }
    return Job.objects.create(**(defaults | columns))


def make_upload(**columns: Any) -> Upload:
    """An upload whose file need not exist, saved; `columns` override."""
    defaults = {
        "filename": "a.txt",
        "media_type": "text/plain",
        "size_bytes": 5,
        "sha256": "0" * 64,
        "stored_name": f"sources/{uuid.uuid4().hex}",
    }
    return Upload.objects.create(**(defaults | columns))
