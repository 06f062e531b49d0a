"""Putting a processor's work on the queue."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError

from processing.errors import IdempotencyMismatch, QueueFull
from processing.models import Job, JobPayload, Upload
from processing.processors import Processor, get_processor
from processing.queue import submit
from processing.queue.bounds import QueueBounds
from processing.queue.options import JobOptions
from processing.queue.submit import submit_json, submit_upload
from tests.factories import make_job

pytestmark = pytest.mark.django_db


def submit_echo(
    body: bytes = b"[1]", caller: str = "me", key: str | None = None, **options: Any
) -> Any:
    echo = get_processor("echo")
    return submit_json(echo, body, caller=caller, idempotency_key=key, **options)


def new_upload() -> Upload:
    return Upload(filename="a", size_bytes=3, sha256="0" * 64, stored_name="sources/aa/1")


def test_a_json_job_keeps_the_bytes_that_came() -> None:
    job = Job.objects.get(pk=submit_echo(b'{"a" :  1}'))
    assert bytes(job.payload.body) == b'{"a" :  1}'
    assert (job.processor, job.caller, job.source_bytes) == ("echo", "me", 10)


def test_the_limits_of_a_processor_go_with_its_jobs() -> None:
    declared = Processor(
        name="limited",
        function=lambda job, data: data,
        accepts="json",
        memory_limit_mb=64,
        timeout_seconds=1.5,
        max_attempts=7,
    )
    job = Job.objects.get(pk=submit_json(declared, b"1", caller="", idempotency_key=None))
    limits = (job.memory_limit_bytes, job.timeout_seconds, job.max_attempts)
    assert limits == (64 * 1024 * 1024, 1.5, 7)


def test_a_wish_goes_before_what_the_processor_declares() -> None:
    declared = Processor(
        name="lazy", function=lambda job, data: data, accepts="json", priority="low", max_attempts=7
    )
    submit_json(declared, b"1", caller="", idempotency_key=None)
    assert Job.objects.get().priority == "low"
    Job.objects.all().delete()
    wish = JobOptions(priority="high", delay_seconds=60, max_attempts=2)
    submit_json(declared, b"1", caller="", idempotency_key=None, options=wish)
    job = Job.objects.get()
    assert (job.priority, job.max_attempts) == ("high", 2)
    assert job.run_after - job.created_at == timedelta(seconds=60)


def test_the_same_key_gives_the_same_job() -> None:
    first = submit_echo(key="k")
    assert submit_echo(key="k") == first
    assert Job.objects.count() == JobPayload.objects.count() == 1


def test_the_same_key_with_another_body_or_processor_is_refused() -> None:
    submit_echo(b"[1]", key="k")
    with pytest.raises(IdempotencyMismatch):
        submit_echo(b"[2]", key="k")
    with pytest.raises(IdempotencyMismatch):
        submit_json(get_processor("summarize"), b"[1]", caller="me", idempotency_key="k")


def test_the_same_wishes_again_are_the_same_request_and_others_are_not() -> None:
    wish = JobOptions(priority="high", delay_seconds=60)
    first = submit_echo(key="k", options=wish)
    assert submit_echo(key="k", options=JobOptions(priority="high", delay_seconds=60)) == first
    for other in (JobOptions(), JobOptions(priority="high"), JobOptions(delay_seconds=60)):
        with pytest.raises(IdempotencyMismatch):
            submit_echo(key="k", options=other)


def test_another_caller_may_use_the_same_key() -> None:
    assert submit_echo(caller="me", key="k") != submit_echo(caller="you", key="k")


def test_an_upload_and_its_job_are_saved_together(monkeypatch: pytest.MonkeyPatch) -> None:
    job = Job.objects.get(pk=submit_upload(get_processor("upper"), new_upload(), caller="me"))
    assert job.upload == Upload.objects.get()
    Job.objects.all().delete()
    Upload.objects.all().delete()

    def fail(*arguments: Any, **keywords: Any) -> None:
        raise OperationalError("disk I/O error")

    monkeypatch.setattr(submit, "async_task", fail)
    with pytest.raises(OperationalError):
        submit_upload(get_processor("upper"), new_upload(), caller="me")
    assert not Upload.objects.exists()


def test_the_queue_is_full_at_its_number_of_jobs(settings: Any) -> None:
    settings.QUEUE_MAX_JOBS = 2
    bounds = QueueBounds()
    make_job(state="succeeded")
    make_job()
    bounds.recount()
    bounds.check_room(1)
    make_job(state="running")
    bounds = QueueBounds()
    bounds.recount()
    with pytest.raises(QueueFull, match="2 jobs"):
        bounds.check_room(1)


def test_the_queue_is_full_at_its_bytes(settings: Any) -> None:
    settings.QUEUE_MAX_BYTES = 100
    make_job(source_bytes=60)
    bounds = QueueBounds()
    bounds.recount()
    bounds.check_room(40)
    with pytest.raises(QueueFull, match="60 bytes"):
        bounds.check_room(41)


def test_a_fresh_count_is_believed_for_a_while() -> None:
    bounds = QueueBounds()
    assert bounds.is_stale
    bounds.recount()
    assert not bounds.is_stale
    make_job()
    bounds.recount()
    assert bounds.load.job_count == 0
