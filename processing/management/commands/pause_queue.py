"""`manage.py pause_queue`: hand out no more jobs until resume_queue."""

from __future__ import annotations

import os
import pwd
import socket
from typing import Any

from processing.management.pausing import PauseCommand
from processing.queue.pause import pause_queue


class Command(PauseCommand):
    """Pauses a queue; one that is paused stays as it is."""

    help = (
        "Pause a queue: jobs are accepted and wait, none is started, what runs goes on. It stays "
        "paused, through restarts too, until resume_queue."
    )

    def handle(self, *, queue: str, as_json: bool, **options: Any) -> None:
        """Pause and report."""
        self.report_state(queue, changed=pause_queue(queue, name_operator()), as_json=as_json)


def name_operator() -> str:
    """Who runs the command: "user@machine"."""
    try:
        user = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user need not have a name
        user = f"user {os.getuid()}"
    return f"{user}@{socket.gethostname()}"
