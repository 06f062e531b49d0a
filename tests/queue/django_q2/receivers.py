"""Receivers of django-q2's signals; the cluster imports this module when it starts.

What they note goes into the file that is the task's first argument. A task asks for trouble by its
name: "pre_execute raises" has the receiver of that signal raise.
"""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import Any

from django.db import connection
from django_q.signals import post_execute, post_execute_in_worker, post_spawn, pre_execute

from tests.queue.django_q2.tasks import note, wait_for_file

MEBIBYTE = 1024 * 1024

logger = logging.getLogger("processing.tests")


def note_spawn(sender: Any, proc_name: str, **kwargs: Any) -> None:
    logger.info("spawned %s", proc_name)


def note_begin(sender: Any, func: Any, task: dict[str, Any], **kwargs: Any) -> None:
    note(find_notes(task), ["pre_execute", getattr(func, "__name__", None)])
    make_trouble("pre_execute", task)


def note_call(sender: Any, func: Any, task: dict[str, Any], **kwargs: Any) -> None:
    note(find_notes(task), ["post_execute_in_worker", task["success"]])
    make_trouble("post_execute_in_worker", task)


def note_end(sender: Any, task: dict[str, Any], **kwargs: Any) -> None:
    result = task["result"]
    result = result if isinstance(result, list) else str(result).partition(" : ")[0]
    note(find_notes(task), ["post_execute", task["success"], result])
    make_trouble("post_execute", task)


def note_end_too(sender: Any, task: dict[str, Any], **kwargs: Any) -> None:
    if task["name"].startswith("post_execute"):
        note(find_notes(task), ["post_execute too"])


def find_notes(task: dict[str, Any]) -> str:
    """The path of the notes; a task without is none that this module should be told of."""
    first = task["args"][0]
    notes: str = first if isinstance(first, str) else first[0]  # Iter has what its items have
    assert Path(notes).is_absolute()
    return notes


def make_trouble(signal: str, task: dict[str, Any]) -> None:
    """Do what the name of the task asks for, if it is of this signal."""
    asked = task["name"].removeprefix(f"{signal} ")
    if asked == "raises":
        raise RuntimeError(f"a receiver of {signal} broke")
    if asked == "uses bad SQL":
        with connection.cursor() as cursor:
            cursor.execute("SELECT nonsense FROM nowhere")
    if asked == "takes its time":
        wait_for_file(f"{task['args'][0]}.go")
    if asked == "uses memory":
        assert bytearray(os.urandom(MEBIBYTE) * 200)


post_spawn.connect(note_spawn)
pre_execute.connect(note_begin)
post_execute_in_worker.connect(note_call)
post_execute.connect(note_end)
post_execute.connect(note_end_too)
