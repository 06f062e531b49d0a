"""What the database holds."""

from processing.models.database_file import DatabaseChunk, DatabaseFile
from processing.models.job import Job
from processing.models.memory_sample import MemorySample
from processing.models.payload import JobPayload
from processing.models.queue_state import BusyQueue, QueuePause
from processing.models.resumable_upload import ResumableUpload
from processing.models.upload import Upload

__all__ = [
    "BusyQueue",
    "DatabaseChunk",
    "DatabaseFile",
    "Job",
    "JobPayload",
    "MemorySample",
    "QueuePause",
    "ResumableUpload",
    "Upload",
]
