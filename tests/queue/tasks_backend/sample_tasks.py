"""Tasks for the tests, declared the way an application does it."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path
from typing import Any

from django_tasks import TaskContext, task

from processing.models import Job


class OutOfStock(Exception):
    """A class of the application's own."""


@task
def add(*numbers: float, **more: float) -> float:
    return sum(numbers) + sum(more.values())


@task
async def add_slowly(first: int, second: int) -> int:
    await asyncio.sleep(0.01)
    return first + second


@task
async def count_jobs() -> int:
    return await Job.objects.acount()


@task
def give(value: Any) -> Any:
    return value


@task
def repeat(text: str, times: int) -> list[str]:
    return [text] * times


@task
def number(*words: str) -> dict[int, str]:
    return dict(enumerate(words, start=1))


@task
def return_function() -> Any:
    return lambda: True


@task
def raise_value_error(message: str) -> None:
    raise ValueError(message)


@task
def raise_out_of_stock() -> None:
    raise OutOfStock("none\nat all")


@task
def leave() -> None:
    raise SystemExit("I go")


@task(takes_context=True)
def tell_id(context: TaskContext) -> str:
    return context.task_result.id


@task(takes_context=True)
def tell_attempt(context: TaskContext, word: str) -> list[Any]:
    result = context.task_result
    return [context.attempt, result.status, result.args, word]


@task(takes_context=True)
def fail_once(context: TaskContext) -> int:
    if context.attempt == 1:
        raise OutOfStock("not yet")
    return context.attempt


@task(priority=-5, queue_name="reports", timeout_seconds=0.5, memory_limit_mb=64, max_attempts=1)
def make_report() -> None:
    time.sleep(60)


@task(timeout_seconds=0.5, max_attempts=1)
async def wait_for_ever() -> None:
    await asyncio.sleep(60)


@task
def wait_for_file(path: str) -> str:
    """Return when the file is there; one named "started" is made beside it."""
    Path(path).with_name("started").touch()
    deadline = time.monotonic() + 30
    while not Path(path).exists():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return "came"


#: A task under another name than its function's, which is what the queue goes by.
renamed = task(statistics.fmean)  # a function of another module, which is no task there
