"""Rows for tests, with defaults that a real row would have."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.utils import timezone

from processing.memory.units import MIB
from processing.models import Job, MemorySample, ResumableUpload, Upload


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


def make_sample(**columns: Any) -> MemorySample:
    """A sample of a worker's seat, taken just now, saved; `columns` override."""
    sample = make_unwritten_sample(**columns)
    sample.save()
    return sample


def make_unwritten_sample(**columns: Any) -> MemorySample:
    """The same, in no database yet."""
    defaults = {
        "host": "dyno-1",
        "type": "worker",
        "pid": 4321,
        "name": "seat 1",
        "used_bytes": 40 * MIB,
        "usage_bytes": 200 * MIB,
        "quota_bytes": 512 * MIB,
    }
    return MemorySample(**(defaults | columns))


def make_resumable(**columns: Any) -> ResumableUpload:
    """A new resumable upload of 10 bytes whose file need not exist, saved; `columns` override."""
    defaults = {
        "length": 10,
        "filename": "a.txt",
        "media_type": "text/plain",
        "processor": "sha256",
        "stored_name": f"sources/aa/{uuid.uuid4().hex}",
        "expires_at": timezone.now() + timedelta(days=1),
    }
    is_open = columns.get("job") is None and columns.get("final") is None
    return ResumableUpload.objects.create(**(defaults | {"is_open": is_open} | columns))
