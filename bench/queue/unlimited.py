"""`python -m bench.queue.unlimited qcluster …`: the command without memory limits.

Only here, to tell what they cost: nobody who runs the service is to be without them. The two parts
that look at every task's memory are left out, the supervisor's thread and the seat's first look.
"""

from __future__ import annotations

import sys

import django
from django.core.management import execute_from_command_line


def leave_limits_out() -> None:
    """Before anything is started."""
    from processing.memory.status import ProcessMemory
    from processing.queue.cluster import guard, seat

    nothing = ProcessMemory(anonymous_bytes=0, data_bytes=0)
    guard.Guard.start = lambda self: None  # type: ignore[method-assign]
    seat.OwnMemory.read = lambda self: nothing  # type: ignore[method-assign]
    seat.begin_limit = lambda limit_bytes, memory: None


if __name__ == "__main__":
    django.setup()
    leave_limits_out()
    execute_from_command_line(sys.argv)
