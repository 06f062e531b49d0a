"""A cluster whose processes are killed all the time: each task has one result, and none is lost."""

from __future__ import annotations

import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction
from django_q.models import Task

from processing.models import Job
from tests.queue.survival.keeper import Keeper, keep_cluster
from tests.queue.survival.marks import Mark, read_marks
from tests.queue.survival.storm import Kill, Storm
from tests.queue.survival.work import MODULE, count_left, enqueue, is_any_due
from tests.service import wait_for

pytestmark = pytest.mark.django_db(transaction=True)

SEED = 20_261
TASK_COUNT = 2000
TASK_SECONDS = (0.001, 0.05)
STRIKE_EVERY_SECONDS = 0.2
#: When nothing ends for so long and something could, the cluster hangs.
HANG_SECONDS = 30.0
#: For all of it; a machine with nothing else to do needs less than a minute.
ALL_SECONDS = 240.0
MOST_ATTEMPTS = 50
#: A seat goes on for so long, at most, when its template or its supervisor is killed.
DEATH_TAKES_SECONDS = 0.5


class Voyage:
    """A cluster through the storm; see `is_over`."""

    def __init__(self, keeper: Keeper, storm: Storm) -> None:
        self._keeper = keeper
        self._storm = storm
        self._left = TASK_COUNT
        self._progressed_at = self._struck_at = time.monotonic()

    def is_over(self) -> bool:
        """Whether all tasks have ended; strikes, and starts the cluster again, when it is time."""
        now = time.monotonic()
        self._keeper.look_after()
        if now < self._struck_at + STRIKE_EVERY_SECONDS:
            return False
        self._struck_at = now
        left = count_left("run_marked")
        if left < self._left or not is_any_due("run_marked"):
            self._left, self._progressed_at = left, now
        assert now < self._progressed_at + HANG_SECONDS, self._keeper.cluster.log[-4000:]
        if left:
            self._storm.strike(self._keeper.cluster)
        return not left


def test_every_task_has_one_result_however_often_processes_are_killed(
    settings: Any, tmp_path: Path
) -> None:
    settings.TASK_MAX_ATTEMPTS = MOST_ATTEMPTS
    chance = random.Random(SEED)
    with transaction.atomic():
        for _ in range(TASK_COUNT):
            enqueue("run_marked", tmp_path / "marks", chance.uniform(*TASK_SECONDS))
    storm = Storm(SEED)
    began_at = time.monotonic()
    with keep_cluster(
        tmp_path, "--seats", "4", TASK_MAX_ATTEMPTS=str(MOST_ATTEMPTS), LOG_LEVEL="WARNING"
    ) as keeper:
        wait_for(Voyage(keeper, storm).is_over, ALL_SECONDS, "the tasks did not end")
        seconds = time.monotonic() - began_at
    jobs = list(Job.objects.filter(function=f"{MODULE}.run_marked"))
    marks = group_marks(read_marks(tmp_path / "marks"))
    print(f"seed {SEED}, {seconds:.1f} s, kills {dict(storm.counts)}")
    print(f"clusters {keeper.start_count}, outcomes {dict(count_outcomes(jobs))}")
    print(f"tasks begun twice or more: {sum(len(runs) > 1 for runs in marks.values())}")
    assert len(jobs) == TASK_COUNT
    for job in jobs:
        check_job(job, marks[job.pk], storm.kills)
    rows = Task.objects.filter(func=f"{MODULE}.run_marked")
    assert Counter(rows.values_list("success", "attempt_count")) == {(True, 1): TASK_COUNT}


def group_marks(marks: Iterable[Mark]) -> dict[UUID, dict[int, dict[str, Mark]]]:
    """Of each job, each delivery's marks by their event; every event is there once at most."""
    grouped: dict[UUID, dict[int, dict[str, Mark]]] = defaultdict(dict)
    for mark in marks:
        delivery = grouped[mark.job_id].setdefault(mark.delivery, {})
        assert mark.event not in delivery, f"a delivery ran twice: {mark}"
        delivery[mark.event] = mark
    return grouped


def count_outcomes(jobs: Iterable[Job]) -> Counter[str]:
    """How the deliveries of these jobs ended."""
    entries = (entry for job in jobs for entry in job.past_deliveries)
    return Counter(f"{entry['outcome']}, charged: {entry['charged']}" for entry in entries)


def check_job(job: Job, runs: dict[int, dict[str, Mark]], kills: list[Kill]) -> None:
    """One delivery has succeeded, the last one; for each other there is a kill that explains it."""
    past = job.past_deliveries
    assert job.state == "succeeded"
    assert [entry["delivery"] for entry in past] == list(range(1, job.deliveries + 1)), past
    assert [entry["outcome"] for entry in past].index("succeeded") == len(past) - 1
    assert set(runs[job.deliveries]) == {"begin", "end"}
    assert job.attempts == sum(entry["charged"] for entry in past)
    for entry in past[:-1]:
        check_lost_delivery(entry, runs.get(entry["delivery"], {}), kills)


def check_lost_delivery(entry: dict[str, Any], run: dict[str, Mark], kills: list[Kill]) -> None:
    """A delivery that was charged lost its seat; another one its cluster, or its claim's answer."""
    ended_at = datetime.fromisoformat(entry["ended_at"]).timestamp()
    begin = run.get("begin")
    earlier = [kill for kill in kills if kill.at <= ended_at]
    if begin is not None:
        earlier = [kill for kill in earlier if kill.at + DEATH_TAKES_SECONDS >= begin.at]
    if entry["where"]:
        seat_pid = int(entry["where"].rpartition(":")[2])
        assert seat_pid in {kill.pid for kill in earlier if kill.kind == "seat"}, entry
        assert entry["outcome"] == ("worker_lost" if entry["charged"] else "given back")
        assert entry["charged"] or begin is None, entry
        return
    kinds = {kill.kind for kill in earlier}
    enough = {"supervisor", "template"} | ({"backend"} if begin is None else set())
    assert (entry["outcome"], entry["charged"]) == ("worker_lost", False)
    assert kinds & enough, entry
