"""What a seat tells of a task that has ended: columns, ready to be written."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django_q.conf import Conf
from django_q.utils import get_func_repr
from picklefield.fields import dbsafe_encode

from processing.queue.aftermath import pack_aftermath, pack_next_in_chain
from processing.queue.current import current
from processing.queue.failures import (
    describe_exception,
    make_error,
    read_failure,
    shorten_failure,
)

#: A result of at most this many characters is kept on the job and shown inline, in lists of up to
#: 200 jobs too.
INLINE_RESULT_MAX_CHARACTERS = 16 * 1024
#: A result may take so many bytes, pickled and in base64: the supervisor holds one for each seat.
RESULT_MOST_BYTES = 4 * 1024 * 1024

#: The message of a seat, without what `Seat` itself adds:
#: "outcome" ("succeeded" or an error code), "is_final" (no further attempt can do better), "error"
#: (the job's error columns, or null), "result" (the job's result columns), "task" (columns of
#: django-q2's Task, or null), "jobs" (what is to be queued: "chain" and "after").
Report = dict[str, Any]


def report_failure(
    message: str, traceback: str = "", *, code: str = "task_error", is_final: bool = False
) -> Report:
    """A report of a task that ended without leaving anything behind."""
    error = make_error(code, message, traceback)
    return {
        "outcome": code,
        "is_final": is_final,
        "error": error,
        "result": {},
        "task": None,
        "jobs": {},
    }


def report_task(task: dict[str, Any]) -> Report:
    """The report of a task dict as django-q2's loop leaves it, with "result" and "success".

    Raises MemoryError where there is not enough to make it.
    """
    error = None
    if not task["success"]:
        error = read_failure(task["result"])
        task["result"] = shorten_failure(task["result"])
    try:
        row = make_task_row(task) if is_saved(task) else None
        chain, after = pack_next_in_chain(task), pack_aftermath(task, row is not None)
    except MemoryError:
        raise  # it is not the result's fault
    except Exception as problem:  # pickling raises whatever the result's classes raise
        text = f"The result cannot be stored: {describe_exception(problem)}"
        return report_failure(text, is_final=True)
    size = _measure_result(row, after)
    if size > RESULT_MOST_BYTES:
        text = f"The result takes {size} bytes; the most is {RESULT_MOST_BYTES}."
        return report_failure(text, code="result_too_large", is_final=True)
    return {
        "outcome": "succeeded" if error is None else error["error_code"],
        "is_final": False,
        "error": error,
        "result": _make_result_columns(task) if error is None else {},
        "task": row,
        "jobs": {"chain": chain, "after": after},
    }


def is_saved(task: dict[str, Any]) -> bool:
    """Whether django-q2 keeps a row of this task: of failures always, of cached ones never."""
    if task.get("cached"):
        return False
    return bool(task.get("save", Conf.SAVE_LIMIT >= 0)) or not task["success"]


def make_task_row(task: dict[str, Any]) -> dict[str, Any]:
    """The columns of django-q2's Task as its tables hold them, times as naive UTC.

    Raises whatever pickling the task's values raises.
    """
    return {
        "id": task["id"],
        "name": str(task["name"]),
        "func": get_func_repr(task["func"]) or "",
        "hook": _name_hook(task.get("hook")),
        "args": encode_pickle(task["args"]),
        "kwargs": encode_pickle(task["kwargs"]),
        "result": encode_pickle(task["result"]),
        "group": _to_text(task.get("group")),
        "cluster": _to_text(task.get("cluster")),
        "started": format_time(task["started"]),
        "stopped": format_time(task["stopped"]),
        "success": task["success"],
    }


def encode_pickle(value: Any) -> str | None:
    """A value as picklefield stores it. Raises whatever pickling it raises."""
    if value is None:
        return None
    encoded: str = dbsafe_encode(value, pickle_protocol=-1, copy=False)  # type: ignore[no-untyped-call]
    return str(encoded)


def format_time(moment: datetime) -> str:
    """A time in UTC, in the form in which Django stores it in SQLite and PostgreSQL reads it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")


def _measure_result(row: dict[str, Any] | None, after: dict[str, Any] | None) -> int:
    """The bytes of the result where it is carried: in the row, else in the job behind the task."""
    if row is not None:
        return len(row["result"] or "")
    return len(after["package"]) if after is not None else 0


def _name_hook(hook: Any) -> str | None:
    return _to_text(get_func_repr(hook) if callable(hook) else hook)


def _to_text(value: Any) -> str | None:
    """What a column of text makes of it; a group may be a UUID."""
    return None if value is None else str(value)


def _make_result_columns(task: dict[str, Any]) -> dict[str, Any]:
    """What the processor keeps; of a plain function's result, what is small JSON."""
    if current.result_columns:
        return current.result_columns
    try:
        text = json.dumps(task["result"], allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        return {}
    if len(text) > INLINE_RESULT_MAX_CHARACTERS:
        return {}
    return {"result": text, "result_media_type": "application/json"}
