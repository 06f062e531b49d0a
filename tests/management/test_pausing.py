"""`manage.py pause_queue` and `resume_queue`."""

from __future__ import annotations

import pwd
import re
from typing import Any

import pytest

from processing.management.commands import pause_queue as command
from processing.models import QueuePause
from tests.management.conftest import Run

pytestmark = pytest.mark.django_db

MOMENT = "2026-01-31T12:00:00Z"


def test_the_own_queue_is_paused_unless_another_is_named(run: Run) -> None:
    said = run("pause_queue")
    assert re.fullmatch(
        r"The queue plimsoll is paused since [0-9 :-]{19} UTC by \S+@\S+\.\n", said.out
    )
    run("pause_queue", "--queue", "reports")
    assert set(QueuePause.objects.values_list("queue", flat=True)) == {"plimsoll", "reports"}
    assert run("resume_queue").out == "The queue plimsoll is no longer paused.\n"
    assert set(QueuePause.objects.values_list("queue", flat=True)) == {"reports"}


def test_doing_it_again_changes_nothing_and_says_so(run: Run) -> None:
    QueuePause.objects.create(queue="plimsoll", paused_by="ada", paused_at=MOMENT)
    assert run("pause_queue").out == (
        "The queue plimsoll is paused since 2026-01-31 12:00:00 UTC by ada; nothing was changed.\n"
    )
    run("resume_queue")
    assert run("resume_queue").out == "The queue plimsoll is not paused; nothing was changed.\n"


def test_machines_read_how_the_queue_stands(run: Run) -> None:
    QueuePause.objects.create(queue="reports", paused_by="ada", paused_at=MOMENT)
    assert run("pause_queue", "--queue", "reports", "--json").document == {
        "queue": "reports",
        "changed": False,
        "paused_at": "2026-01-31T12:00:00+00:00",
        "paused_by": "ada",
    }
    assert run("resume_queue", "--queue", "reports", "--json").document == {
        "queue": "reports",
        "changed": True,
        "paused_at": None,
        "paused_by": None,
    }
    assert run("pause_queue", "--json").document["changed"]


@pytest.mark.parametrize("name", ["", " ", "a\nb", "a\0b", "x" * 101])
def test_what_cannot_be_a_queue_is_refused(run: Run, name: str) -> None:
    for verb in ("pause_queue", "resume_queue"):
        error = run(verb, f"--queue={name}").error
        assert "is not the name of a queue; write 1 to 100 printable characters" in error
    assert not QueuePause.objects.exists()


def test_a_user_without_a_name_is_told_by_number(monkeypatch: pytest.MonkeyPatch) -> None:
    def find_nobody(uid: int) -> Any:
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", find_nobody)
    assert re.fullmatch(r"user \d+@.+", command.name_operator())
