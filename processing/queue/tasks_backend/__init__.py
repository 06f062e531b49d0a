"""Django's tasks on Plimsoll's queue: `TASKS` names this package's backend.

It is imported with the first module that declares a `@task`, and not before.
"""

from processing.queue.tasks_backend.backend import PlimsollBackend
from processing.queue.tasks_backend.task import PlimsollTask

__all__ = ["PlimsollBackend", "PlimsollTask"]
