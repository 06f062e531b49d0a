"""What a result tells of an attempt that failed: its exception's class and its traceback."""

from __future__ import annotations

import re
from traceback import format_exception

from processing.models import Job
from processing.models.states import State
from processing.queue.tasks_backend.interface import TaskError

#: A note with the class, for a traceback that does not name it in its last line.
CLASS_NOTE = "Class of the exception: "
NOTED = re.compile(rf"^[ |]*{CLASS_NOTE}(\S+)$", re.MULTILINE)


class TaskTimedOut(TimeoutError):
    """The task took longer than it may."""


class TaskCancelled(Exception):
    """Somebody cancelled the task."""


class MemoryLimitExceeded(MemoryError):
    """The task took more memory than it may."""


class WorkerLost(Exception):
    """The process that ran the task died, or its whole cluster."""


class ResultTooLarge(ValueError):
    """The task returned more than is kept."""


#: The class for an error that was no exception of the task's own, by the job's error code.
CLASSES: dict[str, type[Exception]] = {
    "timeout": TaskTimedOut,
    "memory_limit_exceeded": MemoryLimitExceeded,
    "worker_lost": WorkerLost,
    "result_too_large": ResultTooLarge,
}


def note_class(error: BaseException) -> None:
    """Make sure that `read_class` finds the class of `error` in the traceback that is kept.

    What would end the process, such as SystemExit, is kept inside of another exception.
    """
    path = name_class(type(error))
    is_wrapped = not isinstance(error, Exception)
    if is_wrapped or read_class("".join(format_exception(error))) != path:
        error.add_note(f"{CLASS_NOTE}{path}")


def read_class(traceback: str) -> str:
    """The dotted name of the class of the exception that a traceback ends with."""
    if noted := NOTED.findall(traceback):
        return str(noted[-1])
    last_line = traceback.rstrip("\n").rpartition("\n")[2]
    path = last_line.partition(": ")[0]
    return path if "." in path else f"builtins.{path}"


def name_class(kind: type[BaseException]) -> str:
    """The dotted name that imports a class."""
    return f"{kind.__module__}.{kind.__qualname__}"


def find_errors(job: Job) -> list[TaskError]:
    """The error of the last attempt that failed; none where there was none."""
    if job.state == State.CANCELLED:
        said = str(TaskCancelled.__doc__)
        return [TaskError(exception_class_path=name_class(TaskCancelled), traceback=said)]
    if not job.error_code:
        return []
    traceback = job.error_traceback or job.error_message
    if job.error_traceback and job.error_code not in CLASSES:
        path = read_class(traceback)
    else:
        path = name_class(CLASSES.get(job.error_code, Exception))
    return [TaskError(exception_class_path=path, traceback=traceback)]
