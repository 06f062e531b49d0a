"""What this worker process runs."""

from __future__ import annotations

import os

from django.db.models.functions import Now

from processing.models import Job
from processing.queue.claims import Delivery


class Seat:
    """Takes one delivery at a time. Its process id on the job's row tells who keeps the lease."""

    def __init__(self) -> None:
        self.delivery: Delivery | None = None

    def take(self, delivery: Delivery) -> bool:
        """Say that this process runs the delivery now; False when the job is no longer ours."""
        self.delivery = delivery
        held = Job.objects.held_by(delivery.job_id, delivery.number)
        return bool(held.update(seat_pid=os.getpid(), started_at=Now()))

    def leave(self) -> None:
        """The task has ended."""
        self.delivery = None


seat = Seat()
