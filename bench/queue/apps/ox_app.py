"""django-ox, through the backport of Django's Tasks."""

from __future__ import annotations

from django.core.management import call_command
from django_tasks import task

from bench.queue import tasks


# The worker finds a task by its function's path, so that each needs a function of its own here.
@task()
def noop() -> int:
    return tasks.noop()


@task()
def stamp(number: int) -> int:
    return tasks.stamp(number)


def prepare() -> None:
    call_command("migrate", verbosity=0)


def send_noop() -> None:
    noop.enqueue()


def send_stamp(number: int) -> None:
    stamp.enqueue(number)
