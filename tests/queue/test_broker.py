"""django-q2's broker on the jobs table."""

from __future__ import annotations

import pickle
from typing import Any
from uuid import UUID

import pytest
from django.db import OperationalError, transaction
from django_q.brokers import get_broker
from django_q.signing import SignedPackage
from django_q.tasks import async_task

from processing.models import Job
from processing.queue import broker as broker_module
from processing.queue.broker import DatabaseBroker

pytestmark = pytest.mark.django_db


def test_the_settings_name_this_broker() -> None:
    assert isinstance(get_broker(), DatabaseBroker)


def test_a_plain_task_becomes_a_queued_job() -> None:
    task_id = async_task("math.floor", 1.5, task_name="round it", timeout=7)
    job = Job.objects.get()
    assert job.id == UUID(task_id)
    assert (job.name, job.function, job.processor) == ("round it", "math.floor", "")
    assert (job.state, job.timeout_seconds, job.max_attempts) == ("queued", 7, 3)
    assert SignedPackage.loads(job.package)["args"] == (1.5,)


def test_a_task_that_acknowledges_failures_has_one_attempt() -> None:
    async_task("math.floor", 1.5, ack_failure=True)
    assert Job.objects.get().max_attempts == 1


@pytest.mark.parametrize(
    ("given", "seconds", "packed"),
    [(None, None, -1), (-1, None, -1), (0.5, 1, 1), (1.5, 2, 2), (7, 7, 7)],
)
def test_a_timeout_becomes_one_that_the_worker_can_use(
    given: float | None, seconds: int | None, packed: int
) -> None:
    async_task("math.floor", 1.5, timeout=given)
    job = Job.objects.get()
    assert job.timeout_seconds == seconds
    assert SignedPackage.loads(job.package)["timeout"] == packed


def test_what_no_request_submitted_belongs_to_the_system() -> None:
    async_task("math.floor", 1.5)
    assert Job.objects.get().caller == "system"


def test_a_job_is_enqueued_in_the_transaction_of_its_caller() -> None:
    with transaction.atomic():
        async_task("math.floor", 1.5)
        transaction.set_rollback(True)
    assert not Job.objects.exists()


def test_a_task_that_ran_in_its_caller_is_not_taken_for_the_next_one() -> None:
    async_task("math.floor", 1.5, task_name="ran here", sync=True)
    task = {"id": "0" * 31 + "2", "name": "by hand", "func": "math.floor", "args": (2.5,)}
    get_broker().enqueue(SignedPackage.dumps(task))
    assert Job.objects.get().name == "by hand"


def test_a_package_that_no_signal_announced_is_unpacked() -> None:
    task = {"id": "0" * 31 + "1", "name": "by hand", "func": "math.floor", "args": (2.5,)}
    get_broker().enqueue(SignedPackage.dumps(task))
    assert Job.objects.get().name == "by hand"


@pytest.mark.django_db(transaction=True)
def test_dequeue_gives_the_package_with_its_delivery() -> None:
    async_task("math.floor", 1.5)
    broker = get_broker()
    taken = None
    while not taken:
        taken = broker.dequeue()
    [(ack_id, package)] = taken
    job = Job.objects.get()
    assert ack_id == f"{job.id.hex}:1"
    assert package == job.package
    assert (broker.queue_size(), broker.lock_size()) == (0, 1)


class Gone:
    """Stands for a class that a deploy removed."""

    def __reduce__(self) -> Any:
        return (_raise, ())


def _raise() -> None:
    raise AttributeError("there is no Gone any more")


@pytest.mark.django_db(transaction=True)
def test_a_package_that_cannot_be_unpacked_fails_alone() -> None:
    async_task("math.floor", Gone())
    async_task("math.floor", 1.5)
    bad, good = Job.objects.order_by("created_at")
    broker = get_broker()
    taken: list[Any] = []
    while not taken:
        taken = broker.dequeue() or []
    assert [ack_id for ack_id, _ in taken] == [f"{good.id.hex}:1"]
    bad.refresh_from_db()
    assert (bad.state, bad.error_code) == ("failed", "task_error")
    assert "there is no Gone any more" in bad.error_message


@pytest.mark.django_db(transaction=True)
def test_a_database_that_is_away_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*arguments: Any, **keywords: Any) -> Any:
        raise OperationalError("connection refused")

    monkeypatch.setattr(broker_module, "claim_jobs", fail)
    monkeypatch.setattr(broker_module, "AWAY_POLL_SECONDS", 0)
    assert get_broker().dequeue() is None


def test_a_package_with_a_wrong_signature_fails_its_job() -> None:
    async_task("math.floor", 1.5)
    Job.objects.update(state="running", deliveries=1)
    job = Job.objects.get()
    get_broker().fail(f"{job.id.hex}:1")
    job.refresh_from_db()
    assert (job.state, job.error_code) == ("failed", "task_error")
    assert "SECRET_KEY" in job.error_message


def test_acknowledging_changes_nothing_because_the_outcome_settles() -> None:
    async_task("math.floor", 1.5)
    Job.objects.update(state="running", deliveries=1)
    get_broker().acknowledge(f"{Job.objects.get().id.hex}:1")
    assert Job.objects.get().state == "running"


def test_a_broker_survives_pickling() -> None:
    broker = pickle.loads(pickle.dumps(get_broker()))
    assert broker.queue_size() == 0
    assert broker.ping()


def test_purging_the_queue_removes_what_waits_and_nothing_else() -> None:
    async_task("math.floor", 1.5)
    async_task("math.floor", 2.5)
    running = Job.objects.first()
    Job.objects.filter(pk=running.pk).update(state="running")
    broker = get_broker()
    assert broker.purge_queue() == 1
    assert Job.objects.get().pk == running.pk
    broker.delete(f"{running.id.hex}:0")
    assert not Job.objects.exists()


def test_the_monitor_is_told_which_database_holds_the_queue() -> None:
    assert get_broker().info().startswith("Plimsoll jobs in ")
