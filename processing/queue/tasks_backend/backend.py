"""The backend that `TASKS` names.

`@task` makes one while modules are loaded, so that models and django-q2 are imported only when they
are used.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from processing.queue.tasks_backend.call import TaskCall
from processing.queue.tasks_backend.interface import (
    BaseTaskBackend,
    InvalidTask,
    Task,
    TaskResult,
    task_enqueued,
)
from processing.queue.tasks_backend.task import (
    LIMITS,
    PlimsollTask,
    find_wrong_limit,
    read_limits,
)


class PlimsollBackend(BaseTaskBackend):
    """Enqueues tasks as jobs, in the caller's transaction, and finds their results by id.

    OPTIONS has `timeout_seconds`, `memory_limit_mb` and `max_attempts` for tasks that do not say
    themselves, and `clusters`, a dict of the queue names that another cluster than the project's
    own serves: {queue_name: name of the cluster}. Raises ImproperlyConfigured for anything else.
    """

    task_class = PlimsollTask

    supports_defer = True
    supports_async_task = True
    supports_get_result = True
    supports_priority = True

    def __init__(self, alias: str, params: dict[str, Any]) -> None:
        super().__init__(alias, params)
        self._limits = {name: self.options[name] for name in LIMITS if name in self.options}
        self._clusters: dict[str, str] = self.options.get("clusters", {})
        self._check_options()

    def validate_task(self, task: Task[Any, Any]) -> None:
        """Raise InvalidTask for a task that cannot be run, or has limits that make no sense."""
        super().validate_task(task)
        if wrong := find_wrong_limit(read_limits(task)):
            raise InvalidTask(f"{wrong}.")

    def enqueue(
        self, task: Task[Any, Any], args: Sequence[Any], kwargs: Mapping[str, Any]
    ) -> TaskResult[Any]:
        """Queue the task, to run when the transaction around this has committed.

        Raises InvalidTask, TypeError for arguments without JSON, TaskTooLarge, django.db.Error.
        """
        from processing.queue.tasks_backend.submit import submit_call

        self.validate_task(task)
        call = TaskCall.of(task, args, kwargs, backend=self.alias)
        limits = self._limits | read_limits(task)
        job_id = submit_call(call, limits=limits, cluster=self._clusters.get(task.queue_name))
        result = call.make_result(task, str(job_id))
        task_enqueued.send(type(self), task_result=result)
        return result

    def get_result(self, result_id: str) -> TaskResult[Any]:
        """What is known of the task with this id. Raises TaskResultDoesNotExist, ImportError."""
        from processing.queue.tasks_backend.results import find_result

        return find_result(result_id)

    def _check_options(self) -> None:
        place = f"TASKS[{self.alias!r}]['OPTIONS']"
        if unknown := set(self.options) - {*LIMITS, "clusters"}:
            known = ", ".join([*LIMITS, "clusters"])
            raise ImproperlyConfigured(f"{place} has {min(unknown)!r}; it may have {known}.")
        if wrong := find_wrong_limit(self._limits):
            raise ImproperlyConfigured(f"{place}: {wrong}.")
        clusters = self.options.get("clusters", {})
        if not isinstance(clusters, dict) or not all(
            isinstance(text, str) and text for pair in clusters.items() for text in pair
        ):
            raise ImproperlyConfigured(
                f"{place}: clusters={clusters!r} makes no sense; it must be "
                "{queue_name: name of the cluster}."
            )
