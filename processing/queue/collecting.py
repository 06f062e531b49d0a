"""A broker that keeps the job instead of queueing it, for whoever will queue it later."""

from __future__ import annotations

from typing import Any

from processing.queue.broker import DatabaseBroker
from processing.queue.enqueue import make_job
from processing.queue.package import read_package


class CollectingBroker(DatabaseBroker):
    """`job` is what `insert_job` takes, once something has been enqueued."""

    job: dict[str, Any] | None = None

    def enqueue(self, task: str) -> Any:
        """Keep the job of the signed package `task`; returns its id."""
        self.job = make_job(read_package(task), package=task, queue=self.list_key)
        return self.job["id"]
