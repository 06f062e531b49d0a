"""A process that receives one large upload and prints what that added to its memory.

    python -m tests.uploads.large_upload FOLDER MEGABYTES

FOLDER gets the spool. The answer is JSON: {"bytes", "sha256_is_right", "added_bytes"}.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from django.conf import settings

MIB = 1024 * 1024
CHUNK = bytes(range(256)) * 256
KIB_PER_LINE = 1024


async def generate_body(size_bytes: int, digest: hashlib._Hash) -> AsyncIterator[bytes]:
    yield b'--b\r\nContent-Disposition: form-data; name="file"; filename="large"\r\n\r\n'
    for _ in range(size_bytes // len(CHUNK)):
        await asyncio.sleep(0)
        digest.update(CHUNK)
        yield CHUNK
    yield b"\r\n--b--\r\n"


def read_status_bytes(field: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * KIB_PER_LINE for line in lines if line.startswith(field))


def reset_peak() -> None:
    """Let VmHWM start again from what is resident now (proc_pid_clear_refs(5))."""
    Path("/proc/self/clear_refs").write_text("5")


async def measure(size_bytes: int) -> dict[str, object]:
    from processing.uploads.multipart import receive_upload

    content_type = "multipart/form-data; boundary=b"
    with await receive_upload(generate_body(MIB, hashlib.sha256()), content_type, None):
        before_bytes = read_status_bytes("VmRSS")
    reset_peak()
    digest = hashlib.sha256()
    with await receive_upload(generate_body(size_bytes, digest), content_type, None) as spooled:
        return {
            "bytes": spooled.size,
            "sha256_is_right": spooled.sha256 == digest.hexdigest(),
            "added_bytes": read_status_bytes("VmHWM") - before_bytes,
        }


if __name__ == "__main__":
    settings.configure(
        UPLOAD_SPOOL_DIR=Path(sys.argv[1]),
        UPLOAD_MAX_BYTES=1024 * MIB,
        UPLOAD_MIN_FREE_BYTES=0,
        TASK_TIMEOUT_SECONDS=600,
        UPLOAD_MAX_TOTAL_BYTES=1024 * MIB,
        STORAGES={
            "uploads": {
                "BACKEND": "processing.uploads.stores.folder.FolderStorage",
                "OPTIONS": {"location": str(Path(sys.argv[1]) / "store")},
            }
        },
    )
    print(json.dumps(asyncio.run(measure(int(sys.argv[2]) * MIB))))
