"""An ASGI application that is a loop: it writes whatever body comes to a file, as it comes."""

from __future__ import annotations

import hashlib
import json
import os
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

UPLOADS = Path(os.environ["BENCH_FOLDER"]) / "uploads"
UPLOADS.mkdir(exist_ok=True)
HASHES = "BENCH_HASHES" in os.environ


async def application(
    scope: dict[str, Any],
    receive: Callable[[], Awaitable[dict[str, Any]]],
    send: Callable[[dict[str, Any]], Awaitable[None]],
) -> None:
    digest, size_bytes, has_more = hashlib.sha256(), 0, True
    with (UPLOADS / uuid.uuid4().hex).open("wb") as file:
        while has_more:
            message = await receive()
            chunk = message.get("body", b"")
            file.write(chunk)
            if HASHES:
                digest.update(chunk)
            size_bytes += len(chunk)
            has_more = message.get("more_body", False)
    body = json.dumps({"bytes": size_bytes, "sha256": digest.hexdigest()}).encode()
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 202, "headers": headers})
    await send({"type": "http.response.body", "body": body})
