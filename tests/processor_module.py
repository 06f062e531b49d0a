"""Processors that behave badly, listed in PROCESSOR_MODULES of the service under test."""

from __future__ import annotations

import ctypes
import json
import os
import time
from pathlib import Path
from typing import Any

from processing.processors import processor

WAIT_SECONDS = 30.0
POLL_SECONDS = 0.02


@processor("raises", accepts="json", max_attempts=1)
def raise_error(job: Any, data: Any) -> Any:
    raise ValueError("the secret of the traceback")


@processor("waits_for_file", accepts="json")
def wait_for_file(job: Any, data: dict[str, str]) -> str:
    """Return when the file that `data` names in "path" is there; "started" gets our process id."""
    if "started" in data:
        Path(data["started"]).write_text(str(os.getpid()))
    deadline = time.monotonic() + WAIT_SECONDS
    while not Path(data["path"]).exists():
        assert time.monotonic() < deadline
        time.sleep(POLL_SECONDS)
    return "came"


@processor("holds_interpreter", accepts="json")
def hold_interpreter(job: Any, data: dict[str, int]) -> str:
    """Sleep in C without letting any other thread of the process run."""
    ctypes.PyDLL(None).sleep(data["seconds"])
    return "held"


@processor("returns_nan", accepts="json", max_attempts=1)
def return_nan(job: Any, data: Any) -> float:
    return float("nan")


@processor("returns_object", accepts="json", max_attempts=1)
def return_object(job: Any, data: Any) -> Any:
    return object()


@processor("returns_megabyte", accepts="json")
def return_megabyte(job: Any, data: Any) -> str:
    return "x" * 1_000_000


@processor("writes_then_raises", accepts="file", max_attempts=1)
def write_then_raise(job: Any, source: Any, sink: Any) -> Any:
    sink.write(b"half of it")
    raise ValueError("in the middle")


@processor("writes_html", accepts="file", media_type="text/html")
def write_html(job: Any, source: Any, sink: Any) -> None:
    sink.write(b"<script>alert(1)</script>")


def note_outcome(task: Any) -> None:
    """A hook of django-q2: notes the outcome in the file that the task has as its group."""
    with Path(task.group).open("x") as note:
        json.dump({"success": task.success, "result": task.result}, note)


@processor("collects", accepts="json")
def collect(job: Any, data: dict[str, Any]) -> dict[str, Any]:
    """Fetch the URLs in "urls"; their texts, or the codes of their errors."""
    from processing.fanout.jobs import fetch_all

    return {
        each.url: each.text if each.error is None else each.error.code
        for each in fetch_all(data["urls"])
    }
