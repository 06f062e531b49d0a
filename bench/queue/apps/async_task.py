"""django-q2's interface, which stock django-q2 and Plimsoll share."""

from __future__ import annotations

from django.core.management import call_command
from django_q.tasks import async_task


def prepare() -> None:
    call_command("migrate", verbosity=0)


def send_noop() -> None:
    async_task("bench.queue.tasks.noop")


def send_stamp(number: int) -> None:
    async_task("bench.queue.tasks.stamp", number)


def send_holds(count: int, seconds: int) -> None:
    """Enqueue `count` tasks that keep a seat busy for so long each."""
    for number in range(count):
        async_task("bench.queue.tasks.hold", number, seconds)
