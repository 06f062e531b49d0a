"""`manage.py profile_job`: the lines of a job that allocate most."""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from typing import Any

import pytest
from django_q.tasks import async_task

from processing.management.commands import profile_job
from processing.management.memory_usage import MemoryUsage
from processing.memory.quota import Quota
from processing.models import Job
from processing.queue.options import job_options
from tests.factories import make_job, make_upload
from tests.management.conftest import Run
from tests.queue import hogs

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("folders")]

MIB = 1024 * 1024
LIMIT = ("--limit-mb", "64")


def enqueue(function: Any, *arguments: Any) -> Job:
    return Job.objects.get(pk=async_task(function, *arguments, **job_options()))


def test_people_read_how_it_went_and_the_lines_with_their_sizes(run: Run) -> None:
    said = run("profile_job", str(enqueue(hogs.hold, 8 * MIB).pk), *LIMIT)
    assert said.error == ""
    first, second, _, header, *lines = said.out.splitlines()
    assert re.fullmatch(r"tests\.queue\.hogs\.hold returned after [\d.]+ m?s", first)
    assert re.fullmatch(
        r"At its peak it had added [\d.]+ MB, the profile included, and it might add 64 MB\.",
        second,
    )
    assert header.split() == ["memory", "blocks", "line"]
    assert re.search(rf"^ *[\d.]+ MB +[\d,]+  {hogs.__file__}:\d+  data = ", lines[0])


def test_machines_read_one_document(run: Run) -> None:
    job = enqueue(hogs.hold, 8 * MIB)
    document = run("profile_job", str(job.pk), "--json", "--top", "1", *LIMIT).document
    assert (document["job_id"], document["outcome"]) == (str(job.pk), "returned")
    assert document["limit_bytes"] == 64 * MIB
    [line] = document["profile"]
    assert {"place", "line", "bytes", "blocks"} <= line.keys()


def test_work_that_allocates_next_to_nothing_has_no_lines(run: Run) -> None:
    said = run("profile_job", str(enqueue("math.sqrt", 4).pk), *LIMIT)
    assert said.out.endswith("It allocated too little, or too fast, for a profile.\n")


def test_an_unknown_job_is_an_error(run: Run) -> None:
    job_id = uuid.uuid4()
    assert run("profile_job", str(job_id)).error == f"There is no job {job_id}."


def test_a_job_that_runs_is_an_error(run: Run) -> None:
    job = make_job(state="running")
    assert run("profile_job", str(job.pk)).error.startswith(f"Job {job.pk} is running; ")


@pytest.mark.parametrize("processor", ["echo", "upper"])
def test_a_job_whose_source_is_gone_is_an_error(run: Run, processor: str) -> None:
    for columns in ({}, {"upload": make_upload()}):
        job = make_job(processor=processor, state="failed", **columns)
        assert run("profile_job", str(job.pk)).error == f"What job {job.pk} was to read is gone."


def test_a_processor_that_is_gone_is_an_error(run: Run) -> None:
    job = make_job(processor="gone", state="failed")
    assert run("profile_job", str(job.pk)).error.startswith("There is no processor 'gone'.")


def test_the_hooks_of_another_job_are_no_work(run: Run) -> None:
    job = make_job(processor="", function="processing.queue.aftermath.finish_task")
    assert "hooks and receivers of another" in run("profile_job", str(job.pk)).error


def test_by_default_it_may_take_what_the_quota_has_left(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    use(monkeypatch, used_bytes=100 * MIB)
    document = run("profile_job", str(enqueue("math.sqrt", 4).pk), "--json").document
    assert document["limit_bytes"] == (512 - 100 - 128) * MIB


def test_without_room_it_says_what_is_in_use(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, used_bytes=400 * MIB)
    error = run("profile_job", str(enqueue("math.sqrt", 4).pk)).error
    assert error.startswith("There is no room beside what runs here: 400 MB of 512 MB (a test)")
    assert error.endswith("say how much it may take with --limit-mb.")


@pytest.mark.parametrize(
    "arguments", [("--top", "0"), ("--limit-mb", "none"), ("--timeout", "0"), ("--limit-mb", "0")]
)
def test_a_bound_that_makes_no_sense_is_refused(run: Run, arguments: tuple[str, str]) -> None:
    assert f"argument {arguments[0]}" in run("profile_job", str(uuid.uuid4()), *arguments).error


def use(monkeypatch: pytest.MonkeyPatch, *, used_bytes: int) -> None:
    quota = Quota(limit_bytes=512 * MIB, source="a test", restart_bytes=1024 * MIB)

    def read(quota_: Quota, folder: Path) -> MemoryUsage:
        return MemoryUsage(quota=quota, used_bytes=used_bytes, processes=[])

    monkeypatch.setattr(profile_job, "read_memory_usage", read)
