"""django-q2's broker on the jobs table."""

from __future__ import annotations

import pickle
import threading
import uuid
from typing import Any
from uuid import UUID

import pytest
from django.core.cache.backends.db import DatabaseCache
from django.db import IntegrityError, transaction
from django.db.transaction import TransactionManagementError
from django_q.brokers import get_broker
from django_q.signals import pre_enqueue
from django_q.signing import SignedPackage
from django_q.tasks import async_task, queue_size

from processing.models import Job, JobPayload
from processing.queue import broker as broker_module
from processing.queue.broker import DatabaseBroker, keep_task
from tests.factories import make_job

pytestmark = pytest.mark.django_db


def pack(name: str) -> str:
    task = {"id": uuid.uuid4().hex, "name": name, "func": "math.floor", "args": (2.5,)}
    return str(SignedPackage.dumps(task))


def test_the_settings_name_this_broker_and_a_cache_that_processes_share() -> None:
    broker = get_broker()
    assert isinstance(broker, DatabaseBroker)
    assert isinstance(broker.cache, DatabaseCache)


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


def test_what_no_request_submitted_belongs_to_the_system() -> None:
    async_task("math.floor", 1.5)
    assert Job.objects.get().caller == "system"


def test_a_task_goes_to_the_queue_that_it_names() -> None:
    async_task("math.floor", 1.5, cluster="other")
    assert Job.objects.get().queue == "other"


def test_a_job_is_enqueued_in_the_transaction_of_its_caller() -> None:
    with transaction.atomic():
        async_task("math.floor", 1.5)
        transaction.set_rollback(True)
    assert not Job.objects.exists()


def test_in_a_transaction_that_broke_nothing_is_enqueued() -> None:
    package = pack("twice")
    with transaction.atomic():
        get_broker().enqueue(package)
        with pytest.raises(IntegrityError):
            get_broker().enqueue(package)
        with pytest.raises(TransactionManagementError):
            async_task("math.floor", 1.5)
    get_broker().enqueue(pack("after it"))
    assert Job.objects.get().name == "after it"


@pytest.mark.parametrize(("given", "packed"), [(None, -1), (0, -1), (0.5, 1), (1.5, 2), (7, 7)])
def test_a_task_that_runs_in_its_caller_gets_a_timeout_that_the_timer_can_use(
    given: float | None, packed: int
) -> None:
    task = {"id": "1", "timeout": given, "sync": True}
    keep_task(task)
    assert task["timeout"] == packed
    assert isinstance(task["timeout"], int)


def test_a_task_that_ran_in_its_caller_is_not_taken_for_the_next_one() -> None:
    async_task("math.floor", 1.5, task_name="ran here", sync=True)
    get_broker().enqueue(pack("by hand"))
    assert Job.objects.get().name == "by hand"


def test_a_task_that_could_not_be_packed_is_not_taken_for_the_next_one() -> None:
    with pytest.raises((pickle.PicklingError, AttributeError)):
        async_task("math.floor", lambda: 1, task_name="has no pickle")
    get_broker().enqueue(pack("by hand"))
    assert Job.objects.get().name == "by hand"


def test_what_another_thread_enqueues_does_not_disturb(monkeypatch: pytest.MonkeyPatch) -> None:
    def enqueue_elsewhere(sender: Any, task: dict[str, Any], **kwargs: Any) -> None:
        kept = {"id": uuid.uuid4().hex, "name": "of the thread", "func": "math.floor"}
        thread = threading.Thread(target=keep_task, args=[kept])
        thread.start()
        thread.join()

    monkeypatch.setattr(broker_module, "read_package", None)  # there is no need to unpack it
    pre_enqueue.connect(enqueue_elsewhere)
    try:
        async_task("math.floor", 1.5, task_name="of the test")
    finally:
        pre_enqueue.disconnect(enqueue_elsewhere)
    assert Job.objects.get().name == "of the test"


def test_a_task_that_is_enqueued_while_another_is_packed_does_not_take_its_place() -> None:
    def enqueue_inner(sender: Any, task: dict[str, Any], **kwargs: Any) -> None:
        if task["name"] == "outer":
            async_task("math.ceil", 1.5, task_name="inner")

    pre_enqueue.connect(enqueue_inner)
    try:
        async_task("math.floor", 1.5, task_name="outer")
    finally:
        pre_enqueue.disconnect(enqueue_inner)
    names = dict(Job.objects.values_list("name", "function"))
    assert names == {"inner": "math.ceil", "outer": "math.floor"}


def test_django_q2s_own_cluster_is_told_which_command_serves_the_queue() -> None:
    async_task("math.floor", 1.5)
    with pytest.raises(NotImplementedError, match=r"manage\.py qcluster"):
        get_broker().dequeue()


def test_the_sizes_are_what_waits_and_what_runs_in_this_queue() -> None:
    async_task("math.floor", 1.5)
    make_job(state="running")
    make_job(state="succeeded")
    make_job(queue="other")
    broker = get_broker()
    assert (queue_size(), broker.queue_size(), broker.lock_size()) == (1, 1, 1)


def test_acknowledging_changes_nothing_because_the_outcome_settles() -> None:
    job = make_job(state="running", deliveries=1)
    get_broker().acknowledge(f"{job.id.hex}:1")
    job.refresh_from_db()
    assert job.state == "running"


def test_a_broker_survives_pickling() -> None:
    broker = pickle.loads(pickle.dumps(get_broker()))
    assert broker.queue_size() == 0
    assert broker.ping()


def test_a_job_is_deleted_with_its_payload_by_the_id_that_enqueueing_gave() -> None:
    broker = get_broker()
    job_id = broker.enqueue(pack("to go"))
    JobPayload.objects.create(job_id=job_id, body=b"1")
    kept = make_job()
    broker.delete(job_id)
    assert Job.objects.get() == kept
    assert not JobPayload.objects.exists()


def test_purging_the_queue_removes_what_waits_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(broker_module, "BATCH_ROWS", 2)
    kept = {make_job(state="running").pk, make_job(queue="other").pk}
    for job in [make_job() for _ in range(5)]:
        JobPayload.objects.create(job=job, body=b"1")
    broker = get_broker()
    assert broker.purge_queue() == 5
    assert set(Job.objects.values_list("pk", flat=True)) == kept
    assert broker.delete_queue() == 0


def test_the_monitor_is_told_which_database_holds_the_queue() -> None:
    assert get_broker().info().startswith("Plimsoll jobs in ")
