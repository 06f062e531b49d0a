"""Taking over what django-q2's own ORM broker left."""

from __future__ import annotations

import logging
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.core.signing import dumps
from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.conf import Conf
from django_q.models import OrmQ
from django_q.signing import PickleSerializer, SignedPackage
from django_q.tasks import async_task

from processing.models import Job
from processing.queue import takeover
from processing.queue.takeover import take_over_ormq
from tests.factories import make_job
from tests.queue.racer import Racer, race

pytestmark = pytest.mark.django_db

ROWS = 300


@pytest.fixture(autouse=True)
def orm_broker(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Conf, "ORM", "default")
    monkeypatch.setattr(takeover, "_left", set())


def enqueue(*arguments: Any, **options: Any) -> str:
    """Enqueue with django-q2's own broker, as the old installation did."""
    broker = ORM(list_key=options.get("cluster"))
    return str(async_task("math.floor", *arguments, broker=broker, **options))


def leave_row(payload: str, **columns: Any) -> OrmQ:
    lock = timezone.now() - timedelta(minutes=1)
    return OrmQ.objects.create(**{"key": "plimsoll", "payload": payload, "lock": lock, **columns})


def sign(task: dict[str, Any], key: str = Conf.SECRET_KEY) -> str:
    return str(dumps(task, key=key, salt=Conf.PREFIX, serializer=PickleSerializer))


def make_task(**values: Any) -> dict[str, Any]:
    return {"id": uuid.uuid4().hex, "name": "a task", "func": "math.floor", "args": (), **values}


def test_a_task_becomes_the_job_that_it_would_have_been() -> None:
    task_id = enqueue(1.5, task_name="old", timeout=2.5, ack_failure=True, cluster="other")
    package = OrmQ.objects.get().payload
    assert take_over_ormq(1000) == 1
    job = Job.objects.get()
    assert (job.id.hex, job.name, job.function) == (task_id, "old", "math.floor")
    assert (job.queue, job.caller, job.state) == ("other", "system", "queued")
    assert (job.timeout_seconds, job.max_attempts, job.package) == (2.5, 1, package)
    assert not OrmQ.objects.exists()


def test_tasks_keep_the_places_that_their_age_gives_them() -> None:
    new = make_job(run_after=timezone.now())
    ids = [enqueue(1.5) for _ in range(3)]
    hour_ago = timezone.now() - timedelta(hours=1)
    for place, row in enumerate(OrmQ.objects.order_by("pk")):
        OrmQ.objects.filter(pk=row.pk).update(lock=hour_ago + timedelta(seconds=place))
    take_over_ormq(1000)
    order = Job.objects.order_by("order_at").values_list("pk", flat=True)
    assert [job_id.hex for job_id in order] == [*ids, new.pk.hex]
    assert Job.objects.filter(run_after__lt=timezone.now()).count() == 4


def test_a_task_that_an_old_worker_holds_is_left_to_it_until_its_lock_ends() -> None:
    enqueue(1.5)
    OrmQ.objects.update(lock=timezone.now() + timedelta(minutes=5))
    assert take_over_ormq(1000) == 0
    OrmQ.objects.update(lock=timezone.now() - timedelta(seconds=1))
    assert take_over_ormq(1000) == 1


def test_a_row_that_was_never_given_a_lock_is_taken_over() -> None:
    leave_row(sign(make_task()), lock=None)
    assert take_over_ormq(1000) == 1


def test_another_installations_task_is_left_where_it_is_and_named_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    foreign = leave_row(sign(make_task(), key="the key of another installation"))
    damaged = leave_row("not signed at all")
    no_task = leave_row(sign({"id": "1"}))
    enqueue(1.5)
    with caplog.at_level(logging.INFO, "processing"):
        assert take_over_ormq(1000) == 1
        assert take_over_ormq(1000) == 0
    left = set(OrmQ.objects.values_list("pk", flat=True))
    assert left == {foreign.pk, damaged.pk, no_task.pk}
    named = [record.args[0] for record in caplog.records if record.levelname == "ERROR"]
    assert sorted(named) == sorted(left)
    assert "SECRET_KEY" in caplog.text


def test_a_task_larger_than_the_queue_carries_is_left_where_it_is(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(takeover, "PACKAGE_MAX_BYTES", 1000)
    enqueue("x" * 2000)
    enqueue(1.5)
    assert take_over_ormq(1000) == 1
    assert OrmQ.objects.count() == 1
    assert "characters" in caplog.text


@pytest.mark.parametrize(
    "task_id", ["report-7", "", "A" * 32, "9ea6680c-5acd-49e0-a1cc-c579bc0ba1b2"]
)
def test_a_task_with_an_id_of_another_form_gets_a_jobs_id(task_id: str) -> None:
    leave_row(sign(make_task(id=task_id)))
    assert take_over_ormq(1000) == 1
    assert SignedPackage.loads(Job.objects.get().package)["id"] == task_id


def test_a_task_that_was_enqueued_twice_becomes_two_jobs() -> None:
    payload = sign(make_task())
    leave_row(payload)
    leave_row(payload)
    assert take_over_ormq(1000) == 2
    assert Job.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_clusters_that_start_at_once_take_over_each_task_once(racers: list[Racer]) -> None:
    ids = {enqueue(number) for number in range(ROWS)}
    taken = race(racers, [["take over"]] * 2)
    assert sum(taken) == ROWS, taken
    assert {job_id.hex for job_id in Job.objects.values_list("pk", flat=True)} == ids
    assert not OrmQ.objects.exists()
