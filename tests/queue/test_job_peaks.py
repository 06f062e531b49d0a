"""The peak memory of jobs, as a real cluster's seat measures it."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from django_q.tasks import async_task

from processing.memory.units import MIB
from processing.models import Job
from tests.cluster import drain_queue

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a peak"),
]


def hold(size_bytes: int, *, fails: bool = False) -> int:
    """Hold so much memory for a moment."""
    size_bytes = len(b"x" * size_bytes)
    if fails:
        raise ValueError("it had it all the same")
    return size_bytes


def test_each_job_has_what_its_own_task_took(tmp_path: Path, settings: Any) -> None:
    settings.TASK_MAX_ATTEMPTS = 1
    large = async_task(hold, 60 * MIB)
    small = async_task(hold, 1)
    failed = async_task(hold, 40 * MIB, fails=True)
    log = drain_queue(tmp_path, "--seats", "1")
    peaks = {job.pk.hex: job.peak_memory_bytes for job in Job.objects.all()}
    assert 59 * MIB <= peaks[large] < 90 * MIB, log
    assert peaks[small] < 20 * MIB, "the seat has given back what the task before it held"
    assert 39 * MIB <= peaks[failed] < 70 * MIB
