"""A process that does, on the database of the test, what each line of its input says.

Several of them do it at once: each is given its line, and only then are the answers read.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from uuid import UUID

from django.db import connection

Racer = subprocess.Popen[str]

#: A race takes milliseconds; this is for a racer that hangs.
STOP_SECONDS = 30


@contextmanager
def run_racers(count: int) -> Iterator[list[Racer]]:
    """So many racers, ready; they are gone afterwards."""
    with ExitStack() as started:
        racers = [started.enter_context(_run_racer()) for _ in range(count)]
        race(racers, [["wait"]] * count)
        yield racers


def race(racers: Sequence[Racer], lines: Sequence[Sequence[str]]) -> list[Any]:
    """Give each racer its call and arguments; what it returned, or the name of its error."""
    for racer, line in zip(racers, lines, strict=True):
        assert racer.stdin is not None
        racer.stdin.write(json.dumps(line) + "\n")
        racer.stdin.flush()
    return [json.loads(_read_line(racer)) for racer in racers]


def _read_line(racer: Racer) -> str:
    assert racer.stdout is not None
    line = racer.stdout.readline()
    assert line, f"the racer has ended: {racer.poll()}"
    return line


@contextmanager
def _run_racer() -> Iterator[Racer]:
    env = {**os.environ, "DATABASE_URL": make_url(), "DJANGO_SETTINGS_MODULE": "tests.settings"}
    racer = subprocess.Popen(
        [sys.executable, "-m", "tests.queue.racer"],
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with racer:
        try:
            yield racer
        finally:
            assert racer.stdin is not None
            racer.stdin.close()
            try:
                racer.wait(STOP_SECONDS)
            finally:
                racer.kill()


def make_url() -> str:
    """The database of the test that runs, as DATABASE_URL."""
    known = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{known['NAME']}"
    return f"postgres://{known['USER']}@{known['HOST']}:{known['PORT']}/{known['NAME']}"


def _submit(key: str, body: str) -> str:
    from processing.processors import get_processor
    from processing.queue.submit import submit_json

    echo = get_processor("echo")
    return str(submit_json(echo, body.encode(), caller="racer", idempotency_key=key))


def _take_upload(upload_id: str, holder: str) -> bool:
    from processing.queue.resumable import take

    return take(UUID(upload_id), holder) is not None


def _complete_upload(upload_id: str, holder: str) -> str:
    from processing.models import ResumableUpload
    from processing.queue.resumable import complete

    upload = ResumableUpload.objects.get(pk=upload_id)
    return str(complete(upload, holder, "0" * 64))


def _concatenate(*part_ids: str) -> str:
    from processing.queue.resumable import concatenate

    ids = [UUID(part_id) for part_id in part_ids]
    final = concatenate(ids, caller="", operates=False, filename="a", processor="sha256")
    return str(final.pk)


def _answer(call: str, *arguments: str) -> Any:
    from processing.queue.schedules import ensure_schedules
    from processing.queue.takeover import take_over_ormq

    calls: dict[str, Any] = {
        "wait": lambda: "ready",
        "submit": _submit,
        "take over": lambda: take_over_ormq(1000),
        "ensure schedules": ensure_schedules,
        "take upload": _take_upload,
        "complete upload": _complete_upload,
        "concatenate": _concatenate,
    }
    try:
        return calls[call](*arguments)
    except Exception as error:
        return type(error).__name__


if __name__ == "__main__":
    import django

    django.setup()
    for line in sys.stdin:
        print(json.dumps(_answer(*json.loads(line))), flush=True)
