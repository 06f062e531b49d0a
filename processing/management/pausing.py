"""What the commands that pause and resume a queue have in common."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from processing.management.arguments import queue_name
from processing.management.report import ReportCommand
from processing.models import QueuePause
from processing.queue.pause import describe_pause, find_pause, name_own_queue


class PauseCommand(ReportCommand):
    """A command for one queue."""

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add --queue to what every report takes."""
        super().add_arguments(parser)
        own = name_own_queue()
        parser.add_argument(
            "--queue",
            type=queue_name,
            default=own,
            metavar="NAME",
            help=f"the name of the queue (default: {own}, this project's own)",
        )

    def report_state(self, queue: str, *, changed: bool, as_json: bool) -> None:
        """Say how the queue stands now, and whether the command changed it."""
        pause = find_pause(queue)
        document = {"queue": queue, "changed": changed, "paused_at": None, "paused_by": None}
        state = "no longer paused" if changed else "not paused"
        if pause is not None:
            document |= write_pause(pause)
            state = describe_pause(pause)
        line = f"The queue {queue} is {state}{'' if changed else '; nothing was changed'}."
        self.report(document, [line], as_json=as_json)


def write_pause(pause: QueuePause) -> dict[str, Any]:
    """A pause as the commands' JSON has it: queue, paused_at in ISO 8601, paused_by."""
    return {
        "queue": pause.queue,
        "paused_at": pause.paused_at.isoformat(),
        "paused_by": pause.paused_by,
    }
