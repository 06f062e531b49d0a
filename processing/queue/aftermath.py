"""What django-q2 does behind a task, in a job of its own: hooks, receivers, caches, collating.

That is code of the operator's own, or unpickles its objects: it has no place in the supervisor. The
seat that ran the task packs this job; it is queued in the transaction that settles the task for
good, so that it is queued once.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.utils import timezone
from django_q.conf import Conf
from django_q.models import Task
from django_q.signals import call_hook, post_execute
from django_q.signing import SignedPackage
from django_q.tasks import async_chain
from django_q.utils import get_func_repr

from processing.models import Job
from processing.models.states import Priority
from processing.queue.cached_results import cache_task
from processing.queue.collecting import CollectingBroker
from processing.queue.enqueue import make_job

FINISH_TASK = "processing.queue.aftermath.finish_task"
FINISH_LOST_TASK = "processing.queue.aftermath.finish_lost_task"
AFTERMATH_FUNCTIONS = (FINISH_TASK, FINISH_LOST_TASK)

SENDER = "django_q"


def pack_next_in_chain(task: dict[str, Any]) -> dict[str, Any] | None:
    """The next step of the chain that `task` is of, for `insert_job`; None where there is none.

    Behind a step that failed the chain ends.
    """
    if not task["success"] or not task.get("chain"):
        return None
    broker = CollectingBroker(list_key=Conf.CLUSTER_NAME)
    group, cached, sync = task["group"], task["cached"], task["sync"]
    async_chain(list(task["chain"]), group=group, cached=cached, sync=sync, broker=broker)
    return broker.job


def pack_aftermath(task: dict[str, Any], is_saved: bool) -> dict[str, Any] | None:
    """The job that finishes `task`, for `insert_job`; None where nobody waits for it.

    What django-q2's table keeps of the task, `is_saved`, is read there; the rest is carried along.
    """
    has_hook = is_saved and task.get("hook")
    if not (has_hook or task.get("cached") or post_execute.has_listeners(SENDER)):
        return None
    if task["func"] in AFTERMATH_FUNCTIONS:
        return None
    carried = {name: task[name] for name in ("result", "success", "stopped")}
    return _pack(FINISH_TASK, task["name"], task["id"], None if is_saved else carried)


def pack_loss(job: Job) -> dict[str, Any]:
    """The job that finishes one which ended without its seat having told how, for `insert_job`."""
    return _pack(FINISH_LOST_TASK, job.name, job.pk.hex)


def is_aftermath(job: Job) -> bool:
    """Whether the job is one of these itself."""
    return job.function in AFTERMATH_FUNCTIONS


def finish_task(job_id: str, carried: dict[str, Any] | None) -> None:
    """Do what is to be done behind a task that has ended for good; `carried` is how it ended.

    None where it is in django-q2's table. Raises what a receiver raised; the others have run then.
    """
    task = _load_task(job_id)
    if carried is not None:
        task |= carried
    else:
        row = Task.objects.get(pk=job_id)
        task |= {"result": row.result, "success": row.success, "stopped": row.stopped}
        row.hook = task.get("hook")
        call_hook(sender=Task, instance=row)
    if task.get("cached"):
        cache_task(task)
    _send_post_execute(task)


def finish_lost_task(job_id: str) -> None:
    """Do the same behind a task whose seat died or could not unpack it: it failed as its job says.

    Of what cannot be unpacked nothing is known but that it failed.
    """
    job = Job.objects.without_bulk().get(pk=job_id)
    result = job.error_message or f"The job was {job.state}."
    end = {"result": result, "success": False, "stopped": job.finished_at or timezone.now()}
    try:
        task = _load_task(job_id) | end
    except Exception:  # unpickling raises whatever the pickled classes raise
        _save_failure(_describe_task(job) | end)
        return
    if task.get("cached"):
        cache_task(task)
    else:
        _save_failure(task)
    _send_post_execute(task)


def _describe_task(job: Job) -> dict[str, Any]:
    """What there is to say of a task whose package nobody can read."""
    return {
        "id": job.pk.hex,
        "name": job.name,
        "func": job.function,
        "args": (),
        "kwargs": {},
        "started": job.created_at,
        "cluster": job.queue,
    }


def _load_task(job_id: str) -> dict[str, Any]:
    package = Job.objects.values_list("package", flat=True).get(pk=job_id)
    task: dict[str, Any] = SignedPackage.loads(package)
    task.pop("chain", None)  # it was queued when the task was settled
    task["cluster"] = Conf.CLUSTER_NAME
    return task


def _save_failure(task: dict[str, Any]) -> None:
    """Write the row; django-q2 calls the hook when it sees it saved."""
    values = {
        "func": get_func_repr(task["func"]) or "",
        "hook": task.get("hook"),
        "args": task["args"],
        "kwargs": task["kwargs"],
        "started": task["started"],
        "group": task.get("group"),
        **{name: task[name] for name in ("name", "cluster", "stopped", "result", "success")},
    }
    earlier = Task.objects.filter(pk=task["id"]).values_list("attempt_count", flat=True).first()
    Task(pk=task["id"], attempt_count=(earlier or 0) + 1, **values).save()


def _send_post_execute(task: dict[str, Any]) -> None:
    responses = post_execute.send_robust(sender=SENDER, task=task)
    errors = [response for _, response in responses if isinstance(response, Exception)]
    if errors:
        raise errors[0]


def _pack(function: str, task_name: str, *arguments: Any) -> dict[str, Any]:
    task = {
        "id": uuid.uuid4().hex,
        "name": f"after {task_name}"[:100],
        "func": function,
        "args": arguments,
        "kwargs": {},
        "save": False,
        "ack_failure": True,  # a hook may have done half of its work; it is not for us to repeat it
        "started": timezone.now(),
    }
    package = SignedPackage.dumps(task)
    job = make_job(task, package=package, queue=Conf.CLUSTER_NAME)
    return {**job, "priority": Priority.HIGH.value}
