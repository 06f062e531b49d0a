"""Two processes that want one upload at the same time."""

from __future__ import annotations

import pytest

from processing.models import ResumableUpload
from tests.factories import make_resumable
from tests.queue.clusters import run_first_process
from tests.queue.racer import Racer, race
from tests.queue.resumable.test_holder import name_process
from tests.queue.resumable.uploading import end_lease, take_surely

ROUNDS = 40

pytestmark = pytest.mark.django_db(transaction=True)


def take_at_once(racers: list[Racer], upload: ResumableUpload) -> None:
    """Have both take it; one has it, and the row says which."""
    key = str(upload.pk)
    answers = race(racers, [["take upload", key, "first"], ["take upload", key, "second"]])
    assert sorted(answers) == [False, True]
    upload.refresh_from_db()
    assert upload.holder == ("first" if answers[0] else "second")


def test_one_of_two_takes_a_free_upload(racers: list[Racer]) -> None:
    for _ in range(ROUNDS):
        take_at_once(racers, make_resumable())


def test_one_of_two_takes_an_upload_whose_lease_is_over(racers: list[Racer]) -> None:
    for _ in range(ROUNDS):
        upload = make_resumable()
        take_surely(upload, "before")
        end_lease(upload)
        take_at_once(racers, upload)


def test_one_of_two_takes_what_a_dead_process_held(racers: list[Racer]) -> None:
    with run_first_process() as process:
        dead = name_process(process.pid)
    for _ in range(ROUNDS):
        upload = make_resumable()
        take_surely(upload, dead)
        take_at_once(racers, upload)
