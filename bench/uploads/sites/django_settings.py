"""Settings of a plain Django project that takes uploads; no database, hardly any middleware."""

from __future__ import annotations

import os
from pathlib import Path

SECRET_KEY = "only-for-measuring-" + "x" * 40
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "bench.uploads.sites.django_views"
MIDDLEWARE = ["django.middleware.common.CommonMiddleware"]
#: Where finished uploads are kept; Django keeps them in TMPDIR while they come in.
MEDIA_ROOT = Path(os.environ["BENCH_FOLDER"]) / "uploads"

if "BENCH_HASHES" in os.environ:
    FILE_UPLOAD_HANDLERS = ["bench.uploads.sites.hashing.HashingUploadHandler"]
