"""`manage.py resume_queue`: hand out the jobs of a paused queue again."""

from __future__ import annotations

from typing import Any

from processing.management.pausing import PauseCommand
from processing.queue.pause import resume_queue


class Command(PauseCommand):
    """Resumes a queue; one that is not paused stays as it is."""

    help = "Resume a queue that pause_queue or the admin paused: its jobs are started at once."

    def handle(self, *, queue: str, as_json: bool, **options: Any) -> None:
        """Resume and report."""
        self.report_state(queue, changed=resume_queue(queue), as_json=as_json)
