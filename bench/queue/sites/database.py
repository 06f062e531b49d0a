"""The DATABASES of the peers' Django projects."""

from __future__ import annotations

import os
from typing import Any

import dj_database_url

from project.database import add_options


def read_databases() -> dict[str, dict[str, Any]]:
    """With Plimsoll's options, or with Django's defaults where BENCH_DATABASE_OPTIONS=none."""
    database: dict[str, Any] = dict(dj_database_url.parse(os.environ["BENCH_STORE_URL"]))
    if os.environ.get("BENCH_DATABASE_OPTIONS") == "none":
        return {"default": {name: database[name] for name in ("ENGINE", "NAME")}}
    return {"default": add_options(database)}
