"""One upload that two processes complete at the same time."""

from __future__ import annotations

import pytest

from processing.models import Job, ResumableUpload, Upload
from tests.factories import make_resumable
from tests.queue.racer import Racer, race
from tests.queue.resumable.uploading import end_lease, make_part, take_surely

ROUNDS = 40

pytestmark = pytest.mark.django_db(transaction=True)


def test_under_one_hold_they_make_one_job(racers: list[Racer]) -> None:
    for _ in range(ROUNDS):
        upload = take_surely(make_resumable(), "holder")
        line = ["complete upload", str(upload.pk), "holder"]
        first, second = race(racers, [line, line])
        assert first == second == str(ResumableUpload.objects.get(pk=upload.pk).job_id)
    assert Job.objects.count() == Upload.objects.count() == ROUNDS


def test_one_that_lost_its_hold_makes_no_second_job(racers: list[Racer]) -> None:
    for _ in range(ROUNDS):
        upload = take_surely(make_resumable(), "first")
        end_lease(upload)
        take_surely(upload, "second")
        key = str(upload.pk)
        lost, won = race(racers, [["complete upload", key, name] for name in ("first", "second")])
        assert won == str(ResumableUpload.objects.get(pk=upload.pk).job_id)
        assert lost in {won, "UploadLocked"}
    assert Job.objects.count() == Upload.objects.count() == ROUNDS


def test_one_final_asked_for_twice_at_once_is_one(racers: list[Racer]) -> None:
    for _ in range(ROUNDS):
        parts = [str(make_part(data).pk) for data in (b"ab", b"c")]
        first, second = race(racers, [["concatenate", *parts]] * 2)
        assert first == second
        assert str(ResumableUpload.objects.get(parts=parts[0]).pk) == first
    assert Job.objects.count() == Upload.objects.count() == ROUNDS


def test_the_same_parts_in_two_orders_at_once_are_one_final(racers: list[Racer]) -> None:
    for _ in range(ROUNDS):
        parts = [str(make_part(data).pk) for data in (b"ab", b"c")]
        lines = [["concatenate", *parts], ["concatenate", *reversed(parts)]]
        assert race(racers, lines).count("IllegalState") == 1
    assert Job.objects.count() == Upload.objects.count() == ROUNDS
