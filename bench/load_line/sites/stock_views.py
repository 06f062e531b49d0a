"""The views of a plain Django project: what takes long is queued, the rest is done at once."""

from __future__ import annotations

import json
import uuid
from typing import Any

import httpx
from django.core.files.storage import default_storage
from django.db import connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django_q.tasks import async_task

from bench.load_line.kinds import CHECK, ECHO
from bench.load_line.sites.fan_out import fetch_all


def process_data(request: HttpRequest) -> HttpResponse:
    return accept(request.GET.get("processor", ECHO), json.loads(request.body))


def upload_file(request: HttpRequest) -> HttpResponse:
    name = default_storage.save(uuid.uuid4().hex, request.FILES["file"])  # type: ignore[arg-type]
    return accept(CHECK, default_storage.path(name))


def get_external_data(request: HttpRequest) -> HttpResponse:
    with httpx.Client() as client:
        return JsonResponse({"results": fetch_all(client, request.GET.getlist("url"))})


def show_health(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def show_readiness(request: HttpRequest) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return HttpResponse("ok")


def accept(kind: str, data: Any) -> HttpResponse:
    job_id = async_task("bench.load_line.work.run", kind, data)
    return JsonResponse({"message": "Task submitted", "job_id": job_id}, status=202)


urlpatterns = [
    path("process_data", process_data),
    path("upload_file", upload_file),
    path("get_external_data", get_external_data),
    path("healthz", show_health),
    path("readyz", show_readiness),
]
