"""Hooks as an operator may write them; a task's first argument is the path of the notes."""

from __future__ import annotations

import os
import signal
import sys

from django.db import connection
from django_q.models import Task
from django_q.tasks import async_task

from tests.queue.django_q2.tasks import note, wait_for_file

MEBIBYTE = 1024 * 1024


def note_outcome(task: Task) -> None:
    """Note the outcome."""
    note(task.args[0], ["hook", task.success, str(task.result).partition(" : ")[0]])


def note_row(task: Task) -> None:
    """Note what the hook is given, and what the table has at that time."""
    row = Task.objects.get(pk=task.pk)
    for seen in (task, row):
        note(task.args[0], [seen.id, seen.name, seen.func, seen.group, seen.attempt_count])


def wait(task: Task) -> None:
    """Take as long as the test likes."""
    wait_for_file(f"{task.args[0]}.go")
    note_outcome(task)


def raise_error(task: Task) -> None:
    note_outcome(task)
    raise RuntimeError("a hook broke")


def use_bad_sql(task: Task) -> None:
    note_outcome(task)
    with connection.cursor() as cursor:
        cursor.execute("SELECT nonsense FROM nowhere")


def use_memory(task: Task) -> None:
    """Fill 200 MB."""
    filled = bytearray(os.urandom(MEBIBYTE) * 200)
    note_outcome(task)
    assert filled[-1] is not None


def leave(task: Task) -> None:
    note_outcome(task)
    sys.exit("a hook left")


def die(task: Task) -> None:
    note_outcome(task)
    os.kill(os.getpid(), signal.SIGKILL)


def queue_task(task: Task) -> None:
    async_task(note, task.args[0], "queued by a hook", hook=note_outcome)
