"""Doing a job's work once more here: real processes, and jobs that stay as they are."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

import psutil
import pytest
from django_q.tasks import async_task

from processing.memory.sizes import BURST_BYTES
from processing.models import Job, JobPayload
from processing.queue.options import job_options
from processing.queue.rehearsal import (
    DIED,
    ENDS,
    OVER_LIMIT,
    RAISED,
    REFUSED,
    RETURNED,
    TIMED_OUT,
    rehearse,
)
from tests.factories import make_job, make_upload
from tests.queue import hogs
from tests.service import wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("folders")]

LIMIT_BYTES = 64 * hogs.MIB
WAIT_SECONDS = 60.0


def enqueue(function: Any, *arguments: Any) -> Job:
    return Job.objects.get(pk=async_task(function, *arguments, **job_options()))


def run(job: Job, **given: Any) -> Any:
    bounds = {"limit_bytes": LIMIT_BYTES, "timeout_seconds": WAIT_SECONDS, "line_count": 10}
    return rehearse(job, **(bounds | given))


def find_place(text: str) -> str:
    lines = Path(hogs.__file__).read_text().splitlines()
    [number] = [number for number, line in enumerate(lines, 1) if line.endswith(text)]
    return f"{hogs.__file__}:{number}"


def test_a_function_is_called_with_its_arguments_and_its_lines_are_told() -> None:
    rehearsal = run(enqueue(hogs.hold, 32 * hogs.MIB))
    assert (rehearsal.outcome, rehearsal.error) == (RETURNED, "")
    assert rehearsal.peak_bytes > 8 * hogs.MIB
    assert rehearsal.profile[0]["place"] == find_place("# holds")
    assert len(rehearsal.profile) <= 10


def test_nothing_of_the_job_changes() -> None:
    enqueue(hogs.hold, hogs.MIB)
    make_job(processor="echo")
    before = list(Job.objects.order_by("id").values())
    for job in Job.objects.filter(processor=""):
        run(job)
    assert list(Job.objects.order_by("id").values()) == before


def test_a_processor_gets_its_payload() -> None:
    job = make_job(processor="summarize", state="failed")
    JobPayload.objects.create(job=job, body=b"[1, 2, 3]")
    assert run(job).outcome == RETURNED


def test_what_it_writes_to_its_sink_is_gone(folders: Path) -> None:
    job = make_file_job("upper", b"some text", folders)
    before = list_files(folders)
    rehearsal = run(job)
    assert (rehearsal.outcome, rehearsal.error) == (RETURNED, "")
    assert list_files(folders) == before


@pytest.mark.parametrize("hog", [hogs.grow_without_end, hogs.grow_and_catch_everything])
def test_a_hog_is_ended_and_its_line_is_told(hog: Any) -> None:
    rehearsal = run(enqueue(hog))
    assert rehearsal.outcome in (OVER_LIMIT, REFUSED)
    text = "# grows" if hog is hogs.grow_without_end else "# grows and catches"
    assert rehearsal.profile[0]["place"] == find_place(text)
    assert LIMIT_BYTES < rehearsal.peak_bytes < LIMIT_BYTES + BURST_BYTES


def test_what_is_refused_at_once_is_named_by_its_line() -> None:
    rehearsal = run(enqueue(hogs.take_at_once, 1024 * hogs.MIB))
    assert rehearsal.outcome == REFUSED
    assert rehearsal.error == f"MemoryError; it was in take_at_once, {find_place('# takes')}"


def test_what_it_raises_is_told() -> None:
    rehearsal = run(enqueue(hogs.hold_and_fail, hogs.MIB))
    assert rehearsal.outcome == RAISED
    assert rehearsal.error.startswith("ValueError: not of its memory; it was in hold_and_fail, ")


def test_a_function_that_is_gone_is_told() -> None:
    rehearsal = run(enqueue("no.such.function"))
    assert rehearsal.outcome == RAISED
    assert "There is no function no.such.function." in rehearsal.error


def test_a_process_that_dies_is_told() -> None:
    rehearsal = run(enqueue(os._exit, 3))
    assert (rehearsal.outcome, rehearsal.error) == (DIED, "exit status 3")


def test_one_that_takes_too_long_is_killed_with_what_it_started() -> None:
    rehearsal = run(enqueue("subprocess.call", ["sleep", "77.5"]), timeout_seconds=2.0)
    assert rehearsal.outcome == TIMED_OUT
    wait_for(lambda: not find_processes("77.5"), WAIT_SECONDS, "the child lives on")


def test_ctrl_c_leaves_nothing_behind() -> None:
    job = enqueue("subprocess.call", ["sleep", "78.5"])
    threading.Thread(target=interrupt_when_there, args=("78.5",), daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        run(job)
    wait_for(lambda: not find_processes("78.5"), WAIT_SECONDS, "the child lives on")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_kill_leaves_nothing_behind(number: int) -> None:
    job = enqueue("subprocess.call", ["sleep", "79.5"])
    threading.Thread(target=interrupt_when_there, args=("79.5", number), daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        run(job)
    wait_for(lambda: not find_processes("79.5"), WAIT_SECONDS, "the child lives on")


def test_a_kill_ends_the_work_as_ever_and_a_signal_that_is_ignored_does_not() -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        for number, outcome in [(signal.SIGTERM, DIED), (signal.SIGHUP, RETURNED)]:
            assert run(enqueue("signal.raise_signal", int(number))).outcome == outcome
    finally:
        signal.signal(signal.SIGHUP, signal.SIG_DFL)
    assert [signal.getsignal(number) for number in ENDS] == [signal.SIG_DFL] * 2


def interrupt_when_there(argument: str, number: int = signal.SIGINT) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not find_processes(argument) and time.monotonic() < deadline:
        time.sleep(0.05)
    os.kill(os.getpid(), number)


def find_processes(argument: str) -> list[psutil.Process]:
    found = psutil.process_iter(["cmdline"])
    return [one for one in found if argument in (one.info["cmdline"] or [])]


def list_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def make_file_job(processor: str, content: bytes, folder: Path) -> Job:
    source = folder / "store" / "sources" / "aa" / "1"
    source.parent.mkdir(parents=True)
    source.write_bytes(content)
    upload = make_upload(stored_name="sources/aa/1", size_bytes=len(content))
    return make_job(processor=processor, upload=upload, source_bytes=len(content))
