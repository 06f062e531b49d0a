"""What the database holds."""

from processing.models.job import Job, JobPayload
from processing.models.upload import Upload

__all__ = ["Job", "JobPayload", "Upload"]
