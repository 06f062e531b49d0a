"""A plain Django project on the worker that Plimsoll has: as it comes, and with a handler that
hashes."""

from __future__ import annotations

from dataclasses import replace

from bench.uploads.systems.system import System
from bench.web.systems.peer import ENVIRONMENT, SERVE_ASGI

DJANGO = System(
    name="django",
    title="Django {version}, asgi, no hash",
    package="Django",
    command=(*SERVE_ASGI, "django.core.asgi:get_asgi_application()"),
    environment=ENVIRONMENT | {"DJANGO_SETTINGS_MODULE": "bench.uploads.sites.django_settings"},
    hashes=False,
    keeps="file",
    measures=("multipart_one", "multipart_many", "stalled"),
)
DJANGO_HASH = replace(
    DJANGO,
    name="django_hash",
    title="Django {version}, asgi, SHA-256",
    environment={**DJANGO.environment, "BENCH_HASHES": "1"},
    hashes=True,
    measures=("multipart_one", "multipart_many"),
)
