"""One Idempotency-Key in two processes at once."""

from __future__ import annotations

import pytest

from processing.models import Job, JobPayload
from tests.queue.racer import Racer, race

ROUNDS = 40

pytestmark = pytest.mark.django_db(transaction=True)


def test_one_key_in_two_processes_at_once_makes_one_job(racers: list[Racer]) -> None:
    for number in range(ROUNDS):
        key = f"key {number}"
        first, second = race(racers, [["submit", key, "[1]"]] * 2)
        assert first == second
        assert str(Job.objects.get(idempotency_key=key).pk) == first
    assert Job.objects.count() == JobPayload.objects.count() == ROUNDS


def test_one_key_for_two_bodies_at_once_is_a_mismatch_for_one_of_them(racers: list[Racer]) -> None:
    for number in range(ROUNDS):
        lines = [["submit", f"key {number}", body] for body in ("[1]", "[2]")]
        assert race(racers, lines).count("IdempotencyMismatch") == 1
    assert Job.objects.count() == JobPayload.objects.count() == ROUNDS
