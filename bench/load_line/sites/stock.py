"""Settings of a Django project with plain views and stock django-q2 on its ORM broker."""

from __future__ import annotations

import os
from pathlib import Path

from bench.queue.sites.stock import (  # noqa: F401  (these are its settings too)
    DATABASES,
    DEFAULT_AUTO_FIELD,
    INSTALLED_APPS,
    Q_CLUSTER,
    SECRET_KEY,
    USE_TZ,
)

ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "bench.load_line.sites.stock_views"
#: Where finished uploads are kept; Django keeps them in TMPDIR while they come in.
MEDIA_ROOT = Path(os.environ["BENCH_FOLDER"]) / "uploads"
