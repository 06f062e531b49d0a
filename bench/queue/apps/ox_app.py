"""django-ox, through the backport of Django's Tasks."""

from __future__ import annotations

from django.core.management import call_command
from django_tasks import task

from bench.queue import tasks

noop = task()(tasks.noop)
stamp = task()(tasks.stamp)


def prepare() -> None:
    call_command("migrate", verbosity=0)


def send_noop() -> None:
    noop.enqueue()


def send_stamp(number: int) -> None:
    stamp.enqueue(number)
