"""Running a processor for a job: its source, its progress, and where its result goes."""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from django.db import OperationalError

from processing.models import Job, JobPayload
from processing.processors import Processor, registry
from processing.processors.job import ProcessorJob
from processing.queue import run
from processing.queue.claims import Delivery
from processing.queue.current import current
from processing.queue.result_name import read_job_id
from processing.queue.run import NotOurs, RunningJob, run_processor
from processing.uploads.store import open_stored
from tests.factories import make_job, make_upload

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("folders")]


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, Any], str]:
    """Declares processors for one test."""
    monkeypatch.setattr(registry, "_processors", dict(registry._processors))

    def declare(function: Any, accepts: Any) -> str:
        name = function.__name__
        registry._processors[name] = Processor(name=name, function=function, accepts=accepts)
        return name

    return declare


def running(processor: str, body: bytes | None = None, **columns: Any) -> Job:
    job = make_job(processor=processor, state="running", deliveries=1, **columns)
    if body is not None:
        JobPayload.objects.create(job=job, body=body)
    current.begin(Delivery(job_id=job.id, number=1))
    return job


@pytest.fixture(autouse=True)
def nothing_held() -> Iterator[None]:
    yield
    current.end()


def stored_files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def running_on(processor: str, content: bytes, folder: Path) -> Job:
    source = folder / "store" / "sources" / "aa" / "1"
    source.parent.mkdir(parents=True)
    source.write_bytes(content)
    upload = make_upload(stored_name="sources/aa/1", size_bytes=len(content))
    return running(processor, upload=upload, source_bytes=len(content))


def test_a_json_processor_gets_the_value_and_its_result_is_inline() -> None:
    running("echo", b'{"a": [1, 2]}')
    assert run_processor("echo") == {"a": [1, 2]}
    assert current.result_columns == {
        "result": '{"a": [1, 2]}',
        "result_media_type": "application/json",
    }


def test_a_result_is_written_by_whoever_settles_the_job() -> None:
    job = running("echo", b"1")
    before = Job.objects.values().get()
    run_processor("echo")
    assert Job.objects.values().get() == before
    assert (before["id"], before["result"]) == (job.id, None)


def test_a_large_result_goes_to_the_store() -> None:
    body = json.dumps(["x" * 1000] * 100).encode()
    job = running("echo", body)
    assert run_processor("echo") is None, "django-q2 must not carry it"
    columns = current.result_columns
    assert (columns["result"], columns["result_bytes"]) == (None, len(body))
    assert columns["result_media_type"] == "application/json"
    with open_stored(columns["result_name"]) as stored:
        assert stored.read() == body
    assert read_job_id(columns["result_name"]) == job.id


def test_a_file_processor_reads_its_source_and_its_sink_is_the_result(folders: Path) -> None:
    running_on("upper", b"abc", folders)
    assert run_processor("upper") == {"bytes": 3}
    columns = current.result_columns
    with open_stored(columns["result_name"]) as stored:
        assert stored.read() == b"ABC"
    assert (columns["result_bytes"], json.loads(columns["result"])) == (3, {"bytes": 3})
    assert columns["result_sha256"] == hashlib.sha256(b"ABC").hexdigest()
    assert not stored_files(folders / "spool")


def test_a_processor_that_fails_leaves_no_file(folders: Path, declared: Any) -> None:
    def fail_late(job: ProcessorJob, source: BinaryIO, sink: BinaryIO) -> None:
        sink.write(source.read(1))
        raise ValueError("halfway")

    running_on(declared(fail_late, "file"), b"abc", folders)
    with pytest.raises(ValueError, match="halfway"):
        run_processor("fail_late")
    assert [path.name for path in stored_files(folders)] == ["1"], "only the source is left"


@pytest.mark.parametrize("value", [float("nan"), object(), {"a": {1, 2}}])
def test_a_result_that_is_not_json_is_an_error_that_says_so(value: Any, declared: Any) -> None:
    def give_it(job: ProcessorJob, data: Any) -> Any:
        return value

    running(declared(give_it, "json"), b"1")
    with pytest.raises(TypeError, match="A processor must return JSON"):
        run_processor("give_it")


def test_a_job_that_was_taken_by_another_worker_is_not_run() -> None:
    job = running("echo", b"1")
    Job.objects.filter(pk=job.pk).update(deliveries=2)
    with pytest.raises(NotOurs, match="not the one that runs"):
        run_processor("echo")


def test_a_result_that_is_json_but_does_not_pickle_is_handed_on_as_plain_json(
    declared: Any,
) -> None:
    def count(job: ProcessorJob, data: Any) -> Any:
        return defaultdict(lambda: 0, a=1)

    running(declared(count, "json"), b"1")
    assert type(run_processor("count")) is dict


def test_a_large_value_beside_a_sink_is_refused(folders: Path, declared: Any) -> None:
    def write_both(job: ProcessorJob, source: BinaryIO, sink: BinaryIO) -> str:
        sink.write(b"x")
        return "y" * 20_000

    running_on(declared(write_both, "file"), b"abc", folders)
    with pytest.raises(ValueError, match="may return 16384 characters"):
        run_processor("write_both")
    assert [path.name for path in stored_files(folders)] == ["1"]


def test_progress_that_cannot_be_written_does_not_fail_the_task(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    job = running("echo", b"1")
    handle = RunningJob(job, Delivery(job_id=job.id, number=1))

    def fail(**columns: Any) -> bool:
        raise OperationalError("server closed the connection")

    monkeypatch.setattr(handle, "_write", fail)
    monkeypatch.setattr(run.connection, "close", lambda: None)
    handle.report_progress(0.5)


def test_a_processor_is_run_by_the_queue_alone() -> None:
    with pytest.raises(NotOurs, match="only as a job of the queue"):
        run_processor("echo")


def test_a_missing_upload_fails_with_its_reason() -> None:
    running("upper")
    with pytest.raises(FileNotFoundError, match="The upload of job"):
        run_processor("upper")


def test_progress_is_written_at_most_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 0.5, 1.5])
    monkeypatch.setattr(run.time, "monotonic", lambda: next(clock))
    job = running("echo", b"1")
    handle = RunningJob(job, Delivery(job_id=job.id, number=1))
    seen = []
    for fraction in (0.1, 0.2, 7.0):
        handle.report_progress(fraction)
        job.refresh_from_db()
        seen.append(job.progress)
    assert seen == [0.1, 0.1, 1.0]


def test_the_progress_of_a_delivery_that_runs_no_more_is_not_written() -> None:
    job = running("echo", b"1")
    Job.objects.update(deliveries=2)
    RunningJob(job, Delivery(job_id=job.id, number=1)).report_progress(0.5)
    job.refresh_from_db()
    assert job.progress is None


def test_a_processor_knows_its_job_and_which_attempt_it_is(folders: Path) -> None:
    job = running_on("upper", b"abc", folders)
    job.attempts = 2
    handle = RunningJob(job, Delivery(job_id=job.id, number=1))
    assert (handle.id, handle.processor, handle.attempt) == (str(job.id), "upper", 3)
    assert (handle.filename, handle.source_bytes) == ("a.txt", 3)


def test_the_name_of_another_file_names_no_job() -> None:
    assert read_job_id("sources/aa/1") is None
