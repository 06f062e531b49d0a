"""Schedules: each due time makes one task, however many clusters look."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.util import find_spec
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.utils import timezone
from django_q.models import Schedule, Task
from django_q.tasks import schedule

from processing.models import Job
from tests.cluster import RunningCluster, run_cluster
from tests.queue.django_q2.outcomes import (
    END_SECONDS,
    read_notes,
    read_texts,
    wait_until_all_is_done,
)
from tests.service import wait_for

NOTE = "tests.queue.django_q2.tasks.note"
FAIL = "tests.queue.django_q2.tasks.fail"
HOOK = "tests.queue.django_q2.hooks.note_outcome"


@pytest.fixture(scope="module")
def three_clusters(
    package_cluster: RunningCluster, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[RunningCluster]]:
    """Two more of the same queue."""
    folders = [tmp_path_factory.mktemp("cluster") for _ in range(2)]
    given = [{"UPLOAD_SPOOL_DIR": str(folder / "spool")} for folder in folders]
    with (
        run_cluster(folders[0], "--seats", "1", **given[0]) as second,
        run_cluster(folders[1], "--seats", "1", **given[1]) as third,
    ):
        yield [package_cluster, second, third]


@pytest.fixture(autouse=True)
def clusters(three_clusters: list[RunningCluster], transactional_db: None) -> list[RunningCluster]:
    return three_clusters


def wait_until_nothing_is_due() -> None:
    """Wait until the clusters have seen all that is due, and done it."""
    due = Schedule.objects.filter(next_run__lt=timezone.now()).exclude(repeats=0)
    wait_for(lambda: not due.exists(), END_SECONDS, "a schedule is due and nobody sees it")
    wait_until_all_is_done()


def test_each_due_time_makes_one_task(clusters: list[RunningCluster], notes: str) -> None:
    for number in range(12):
        schedule(NOTE, notes, number, schedule_type=Schedule.MINUTES, minutes=5)
    for round_number in range(1, 4):
        wait_until_nothing_is_due()
        assert Counter(read_texts(notes)) == dict.fromkeys(range(12), round_number)
        Schedule.objects.update(next_run=timezone.now() - timedelta(minutes=round_number))
    assert set(Job.objects.values_list("deliveries", flat=True)) == {1}
    parents = {line["parent_pid"] for line in read_notes(notes)}
    assert parents <= {cluster.process.pid for cluster in clusters}


def test_a_task_of_a_schedule_is_made_as_by_django_q2(notes: str) -> None:
    past = timezone.now() - timedelta(seconds=30)
    options: dict[str, Any] = {"hook": HOOK, "schedule_type": Schedule.HOURLY, "next_run": past}
    made = schedule(NOTE, notes, "done", name="each hour", **options)
    nameless = schedule(NOTE, notes, text="by keyword", **options)
    wait_until_nothing_is_due()
    made.refresh_from_db()
    assert made.next_run == past + timedelta(hours=1)
    assert (made.success(), made.repeats) == (True, -1)
    row = Task.objects.get(pk=made.task)
    assert (row.group, row.func, row.args, row.hook) == ("each hour", NOTE, (notes, "done"), HOOK)
    assert Task.objects.get(group=str(nameless.id)).kwargs == {"text": "by keyword"}
    assert sorted(map(str, read_texts(notes))) == [
        "['hook', True, 'by keyword']",
        "['hook', True, 'done']",
        "by keyword",
        "done",
    ]


def test_what_is_due_once_is_gone_then(notes: str) -> None:
    schedule(NOTE, notes, "once")
    later = schedule(NOTE, notes, "later", next_run=timezone.now() + timedelta(hours=1))
    wait_until_nothing_is_due()
    assert read_texts(notes) == ["once"]
    assert Schedule.objects.get() == later


def test_a_schedule_repeats_as_often_as_it_says(notes: str) -> None:
    twice: dict[str, Any] = {"schedule_type": Schedule.DAILY, "repeats": 2}
    good = schedule(NOTE, notes, "twice", **twice)
    bad = schedule(FAIL, q_options={"ack_failure": True}, **twice)
    once = schedule(NOTE, notes, "once", repeats=1)
    for _ in range(3):
        wait_until_nothing_is_due()
        Schedule.objects.update(next_run=timezone.now() - timedelta(days=3))
    assert Counter(read_texts(notes)) == {"twice": 2, "once": 1}
    assert Task.objects.filter(func=FAIL).count() == 2
    for ended in (good, bad, once):
        ended.refresh_from_db()
        assert ended.repeats == 0
    assert [ended.success() for ended in (good, bad, once)] == [True, False, True]


def test_the_options_of_a_schedule_are_those_of_its_task(notes: str) -> None:
    past = timezone.now() - timedelta(minutes=30)
    options = {"group": "mine", "task_name": "named", "timeout": 77, "hook": HOOK}
    schedule(NOTE, notes, q_options=options, next_run=past, intended_date_kwarg="text")
    wait_until_nothing_is_due()
    row = Task.objects.get(name="named")
    assert row.group == "mine"
    assert Job.objects.get(pk=row.id).timeout_seconds == 77
    intended, hooked = read_texts(notes)
    assert datetime.fromisoformat(intended) == past
    assert hooked == ["hook", True, intended]


def test_a_schedule_of_another_queue_is_left_to_the_clusters_of_that(notes: str) -> None:
    other = schedule(NOTE, notes, "other", cluster="another queue")
    own = schedule(NOTE, notes, "own", cluster="plimsoll")
    gone = Schedule.objects.filter(pk=own.pk)
    wait_for(lambda: not gone.exists(), END_SECONDS, "nobody sees it")
    wait_until_all_is_done()
    assert read_texts(notes) == ["own"]
    assert Schedule.objects.get() == other


def test_schedules_are_checked_when_they_are_made(notes: str) -> None:
    schedule(NOTE, notes, "done", name="taken", next_run=timezone.now() + timedelta(hours=1))
    with pytest.raises(IntegrityError, match="same name"):
        schedule(NOTE, notes, "done", name="taken")
    with pytest.raises(ValidationError):
        schedule(NOTE, notes, "done", schedule_type="often")


def test_cron_works_where_its_package_is_installed(notes: str) -> None:
    options = {"schedule_type": Schedule.CRON, "cron": "*/5 * * * *"}
    if find_spec("croniter") is None:
        with pytest.raises(ImportError, match="install croniter"):
            schedule(NOTE, notes, "done", **options)
        return
    assert schedule(NOTE, notes, "done", **options).next_run > timezone.now()
    Schedule.objects.update(next_run=timezone.now() - timedelta(seconds=1))
    wait_until_nothing_is_due()
    assert read_texts(notes) == ["done"]
