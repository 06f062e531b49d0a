"""A process that writes a file of 64 MiB into a database and tells how far it came.

    python -m tests.database_store.filling

The answer is JSON: {"error", "closed_bytes", "measured_bytes", "is_readable", "is_saved"}.
"""

from __future__ import annotations

import json

import django
from django.core.files.base import ContentFile

MIB = 1024 * 1024
NAME = "sources/ab/abc"


def fill() -> dict[str, object]:
    from processing.errors import DiskFull
    from processing.uploads.store import get_store

    store, error = get_store(), ""
    store.begin(NAME)
    appender = store.append(NAME, 0, is_provisional=False)
    try:
        for _ in range(64):
            appender.write(b"x" * MIB)
    except DiskFull as full:
        error = full.code
    closed_bytes = appender.close()
    with store.open_stream(NAME) as stream:
        is_readable = stream.read() == b"x" * closed_bytes
    try:
        is_saved = bool(store.save("results/ab/abc", ContentFile(b"x" * 64 * MIB)))
    except DiskFull:
        is_saved = False
    return {
        "error": error,
        "closed_bytes": closed_bytes,
        "measured_bytes": store.measure(NAME),
        "is_readable": is_readable,
        "is_saved": is_saved,
    }


if __name__ == "__main__":
    django.setup()
    print(json.dumps(fill()))
