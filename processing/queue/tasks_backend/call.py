"""A task and what it is called with, as it travels through the queue."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Self

from django.utils import timezone
from django.utils.module_loading import import_string

from processing.queue.tasks_backend.interface import (
    InvalidTask,
    Task,
    TaskResult,
    TaskResultStatus,
    normalize_json,
)

#: The times of a result, beside that of the enqueuing.
MOMENTS = ("started_at", "last_attempted_at", "finished_at")


@dataclass(frozen=True, kw_only=True)
class TaskCall:
    """`path` is the dotted name of the task; the rest is what `TaskResult` tells of the call."""

    path: str
    args: list[Any]
    kwargs: dict[str, Any]
    backend: str
    queue_name: str
    priority: int
    run_after: datetime | None
    enqueued_at: datetime

    @classmethod
    def of(
        cls, task: Task[Any, Any], args: Sequence[Any], kwargs: Mapping[str, Any], *, backend: str
    ) -> Self:
        """The call of `task` that is enqueued now. Raises TypeError for arguments without JSON."""
        return cls(
            path=task.module_path,
            args=normalize_json(args),
            kwargs=normalize_json(kwargs),
            backend=backend,
            queue_name=task.queue_name,
            priority=int(task.priority),
            run_after=task.run_after,
            enqueued_at=timezone.now(),
        )

    def write(self) -> str:
        """The call as JSON."""
        return json.dumps(asdict(self), default=datetime.isoformat, separators=(",", ":"))

    @classmethod
    def read(cls, text: str) -> Self:
        """The call that `write` wrote."""
        fields = json.loads(text)
        for name in ("run_after", "enqueued_at"):
            if fields[name] is not None:
                fields[name] = datetime.fromisoformat(fields[name])
        return cls(**fields)

    def load_task(self) -> Task[Any, Any]:
        """The task as it was when it was enqueued.

        Raises ImportError when it is gone, InvalidTask when something else is in its place.
        """
        task = import_string(self.path)
        if not isinstance(task, Task):
            raise InvalidTask(f"{self.path} is not a task.")
        return replace(
            task,
            backend=self.backend,
            queue_name=self.queue_name,
            priority=self.priority,
            run_after=self.run_after,
        )

    def make_result(self, task: Task[Any, Any], result_id: str, **told: Any) -> TaskResult[Any]:
        """The result of the call, which waits for its first attempt unless `told` says more."""
        moments = {name: told.pop(name, None) for name in MOMENTS}
        told = {"status": TaskResultStatus.READY, "errors": [], "worker_ids": []} | told
        return TaskResult(
            task=task,
            id=result_id,
            args=self.args,
            kwargs=self.kwargs,
            backend=self.backend,
            enqueued_at=self.enqueued_at,
            # Several clocks tell these; none was before the call was enqueued.
            **{name: at and max(at, self.enqueued_at) for name, at in moments.items()},
            **told,
        )


def set_return_value(result: TaskResult[Any], value: Any) -> None:
    """Keep what the task returned; the interface has no other way to do that."""
    object.__setattr__(result, "_return_value", value)
