"""Q_CLUSTER["recycle"]: a seat is replaced after so many tasks."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from django_q.models import Task
from django_q.tasks import async_task

from processing.models import Job
from tests.cluster import run_cluster
from tests.queue.django_q2 import hooks, rough_tasks, tasks
from tests.queue.django_q2.outcomes import (
    END_SECONDS,
    read_notes,
    read_texts,
    wait_until_all_is_done,
)
from tests.service import wait_for

SETTINGS = "tests.queue.django_q2.frequent_recycling"


@pytest.mark.usefixtures("transactional_db")
def test_a_seat_is_replaced_after_so_many_tasks_and_none_is_lost(
    tmp_path: Path, notes: str
) -> None:
    queue = {"cluster": "recycled"}
    arguments = ("--name", "recycled", "--seats", "2")
    with run_cluster(tmp_path, *arguments, DJANGO_SETTINGS_MODULE=SETTINGS) as cluster:
        for _ in range(50):
            async_task(rough_tasks.find_process, 0, **queue)
        wait_until_all_is_done()
        seats = Counter(Task.objects.values_list("result", flat=True))
        assert sum(seats.values()) == 50
        assert max(seats.values()) == 5
        for number in range(10):
            async_task(tasks.note, notes, number, hook=hooks.note_outcome, **queue)
        wait_until_all_is_done()
        wait_for(lambda: len(cluster.seats) == 2, END_SECONDS, "a seat is missing")
    assert "died" not in cluster.log
    assert set(Job.objects.values_list("state", "deliveries")) == {("succeeded", 1)}
    assert len(read_texts(notes)) == 20
    assert max(Counter(line["pid"] for line in read_notes(notes)).values()) <= 5
