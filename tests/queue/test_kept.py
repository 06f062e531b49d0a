from __future__ import annotations

import pytest
from django.db import connection

from processing.models import Job
from processing.queue import kept
from processing.queue.kept import COUNT_LASTS_SECONDS, LASTS_TIMES_ITS_COST, KeptBytes, count_kept
from processing.uploads.space import Elsewhere
from tests.factories import make_job, make_upload


@pytest.mark.django_db
def test_uploads_and_stored_results_are_kept() -> None:
    assert count_kept() == Elsewhere()
    make_upload(size_bytes=1000)
    make_upload(size_bytes=200)
    make_job(result_name="results/a", result_bytes=30)
    make_job(result='"in the row"', result_bytes=12)
    assert count_kept() == Elsewhere(kept_bytes=1230)


@pytest.mark.django_db
def test_results_are_summed_up_by_their_index_alone() -> None:
    plan = Job.objects.with_stored_result().values("result_bytes").explain()
    if connection.vendor == "sqlite":
        assert "USING COVERING INDEX job_stored_result" in plan


class Clock:
    """The monotonic clock, which passes during a count."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, count_takes_seconds: float) -> None:
        self.now = 1000.0
        self.count = 0
        self._takes_seconds = count_takes_seconds
        monkeypatch.setattr(kept.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(kept, "count_kept", self._count)
        monkeypatch.setattr(kept, "count_unfinished", int)

    def _count(self) -> Elsewhere:
        self.now += self._takes_seconds
        self.count += 1
        return Elsewhere(kept_bytes=100 * self.count)


@pytest.mark.parametrize(
    ("takes_seconds", "lasts_seconds"),
    [(0.001, COUNT_LASTS_SECONDS), (0.5, 0.5 * LASTS_TIMES_ITS_COST)],
)
def test_a_count_lasts_a_second_or_many_times_its_cost(
    monkeypatch: pytest.MonkeyPatch, takes_seconds: float, lasts_seconds: float
) -> None:
    clock = Clock(monkeypatch, takes_seconds)
    bytes_kept = KeptBytes()
    assert bytes_kept.is_stale
    bytes_kept.recount()
    clock.now += lasts_seconds - 0.01
    bytes_kept.recount()
    assert clock.count == 1
    clock.now += 0.02
    assert bytes_kept.is_stale
    bytes_kept.recount()
    assert bytes_kept.elsewhere.kept_bytes == 200


def test_what_was_accepted_since_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    Clock(monkeypatch, 0.001)
    bytes_kept = KeptBytes()
    bytes_kept.recount()
    bytes_kept.add(5)
    bytes_kept.add(20, promised_bytes=20)
    assert bytes_kept.elsewhere == Elsewhere(kept_bytes=125, promised_bytes=20)
