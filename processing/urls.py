"""The API's paths."""

from __future__ import annotations

from django.urls import path, re_path

from processing.console.page import show_console
from processing.web.endpoint import endpoint
from processing.web.get_external_data import get_external_data
from processing.web.health import show_health, show_readiness
from processing.web.job_actions import cancel_job, retry_job
from processing.web.job_events import show_events
from processing.web.job_result import show_result
from processing.web.jobs import list_jobs, show_job
from processing.web.process_data import process_data
from processing.web.tus.views import upload, uploads
from processing.web.upload_file import upload_file

urlpatterns = [
    path("", endpoint("GET")(show_console)),
    re_path(r"^process_data/?$", process_data),
    re_path(r"^get_external_data/?$", get_external_data),
    re_path(r"^upload_file/?$", upload_file),
    re_path(r"^uploads/?$", uploads),
    path("uploads/<str:upload_id>", upload),
    re_path(r"^jobs/?$", list_jobs),
    path("jobs/<str:job_id>", show_job),
    path("jobs/<str:job_id>/result", show_result),
    path("jobs/<str:job_id>/events", show_events),
    path("jobs/<str:job_id>/cancel", cancel_job),
    path("jobs/<str:job_id>/retry", retry_job),
    path("healthz", show_health),
    path("readyz", show_readiness),
]
