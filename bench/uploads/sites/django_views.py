"""The views of a plain Django project."""

from __future__ import annotations

import json
import uuid

from django.core.files.storage import default_storage
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path


def upload_file(request: HttpRequest) -> HttpResponse:
    file = request.FILES["file"]
    default_storage.save(uuid.uuid4().hex, file)  # type: ignore[arg-type]
    sha256 = getattr(file, "sha256", "")
    return JsonResponse({"bytes": file.size, "sha256": sha256}, status=202)  # type: ignore[union-attr]


def process_data(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"keys": len(json.loads(request.body))}, status=202)


urlpatterns = [path("upload_file", upload_file), path("process_data", process_data)]
