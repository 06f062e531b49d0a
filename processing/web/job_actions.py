"""POST /jobs/<id>/cancel and /retry."""

from __future__ import annotations

from django.http import HttpResponse

from processing.models import Job
from processing.queue import bulk
from processing.web.answers import answer_text
from processing.web.database import in_database
from processing.web.endpoint import endpoint
from processing.web.job_document import write_job
from processing.web.job_lookup import find_job
from processing.web.request import ApiRequest


@endpoint("POST")
async def cancel_job(request: ApiRequest, job_id: str) -> HttpResponse:
    """200 with the job, cancelled; 202 when it runs and was asked to stop, once or again.

    Raises IllegalState when it has ended.
    """
    job = await find_job(request, job_id)
    await in_database(job.cancel)
    if job.state == Job.State.CANCELLED:
        return answer_text(write_job(job, request.caller))
    return _answer_accepted(request, job)


@endpoint("POST")
async def retry_job(request: ApiRequest, job_id: str) -> HttpResponse:
    """202 with the job, queued again. Raises IllegalState unless it failed or was cancelled."""
    job = await find_job(request, job_id)
    await in_database(bulk.retry_job, job)
    return _answer_accepted(request, job)


def _answer_accepted(request: ApiRequest, job: Job) -> HttpResponse:
    response = answer_text(write_job(job, request.caller), status=202)
    response["Location"] = f"/jobs/{job.id}"
    return response
