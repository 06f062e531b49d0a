"""What the database holds."""

from processing.models.job import Job
from processing.models.payload import JobPayload
from processing.models.queue_state import BusyQueue, QueuePause
from processing.models.upload import Upload

__all__ = ["BusyQueue", "Job", "JobPayload", "QueuePause", "Upload"]
