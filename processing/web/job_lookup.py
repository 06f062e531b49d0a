"""Finding the job that a path names, if its caller may see it."""

from __future__ import annotations

from uuid import UUID

from processing.errors import NoSuchJob
from processing.models import Job
from processing.web.database import in_database
from processing.web.request import ApiRequest


async def find_job(request: ApiRequest, job_id: str) -> Job:
    """The job with that id. Raises NoSuchJob when there is none or the caller may not see it."""
    try:
        key = UUID(job_id)
    except ValueError as error:
        raise NoSuchJob(f"{job_id[:100]!r} is not the id of a job.") from error
    job = await in_database(_load, key, request.caller.name, request.caller.operates)
    if job is None:
        raise NoSuchJob
    return job


def _load(key: UUID, caller: str, operates: bool) -> Job | None:
    visible = Job.objects.visible_to(caller, sees_all=operates).defer("package")
    job: Job | None = visible.select_related("upload").filter(pk=key).first()
    return job
