"""What a job does, without being its delivery: its code is called and nothing is made of that."""

from __future__ import annotations

import pydoc
from collections.abc import Callable
from typing import Any

from django_q.signing import SignedPackage

from processing.errors import UnknownProcessor
from processing.models import Job, JobPayload
from processing.models.states import State
from processing.processors import get_processor
from processing.queue.aftermath import is_aftermath
from processing.queue.processor_call import JobHandle, call_processor, open_source
from processing.uploads.store import ResultSink

#: By its name, for the package behind it may not be installed; see processing.queue.tasks_backend.
RUN_TASK = "processing.queue.tasks_backend.run.run_task"
CALL_AGAIN = "processing.queue.tasks_backend.run.call_again"


def find_obstacle(job: Job) -> str:
    """Why the work of `job` cannot be done here and now; empty where it may be."""
    if job.state == State.RUNNING:
        return f"Job {job.id} is running; wait for its end, or cancel it."
    if is_aftermath(job):
        return f"Job {job.id} calls the hooks and receivers of another one, which is no work."
    try:
        return _find_missing(job) if job.processor else ""
    except UnknownProcessor as error:
        return str(error)


def load_work(job: Job) -> Callable[[], Any]:
    """A function that does the work of `job` and returns what it returned.

    The arguments of a plain task are unpickled now, as a seat does. Raises ImportError where its
    function is gone, BadSignature where it was signed with another key, and what unpickling raises.
    """
    if job.processor:
        return lambda: _call_processor(job)
    task = SignedPackage.loads(job.package)
    if task["func"] == RUN_TASK:
        call_again: Any = pydoc.locate(CALL_AGAIN)
        return lambda: call_again(*task["args"], str(job.id))
    function: Any = task["func"] if callable(task["func"]) else pydoc.locate(task["func"])
    if function is None:
        raise ImportError(f"There is no function {task['func']}.")
    return lambda: function(*task["args"], **task["kwargs"])


def _call_processor(job: Job) -> Any:
    with ResultSink() as sink:  # what is written is not committed, and removed
        return call_processor(get_processor(job.processor), job, JobHandle(job), sink)


def _find_missing(job: Job) -> str:
    gone = f"What job {job.id} was to read is gone."
    if get_processor(job.processor).accepts == "json":
        return "" if JobPayload.objects.filter(job_id=job.id).exists() else gone
    try:
        open_source(job).close()
    except FileNotFoundError:
        return gone
    return ""
