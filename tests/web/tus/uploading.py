"""The requests of a tus client, one function each."""

from __future__ import annotations

import base64

import httpx

CONTENT_TYPE = "application/offset+octet-stream"
TUS = {"Tus-Resumable": "1.0.0"}


def encode_metadata(**values: str) -> str:
    """The value of Upload-Metadata."""
    return ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items()
    )


def post(client: httpx.Client, content: bytes | None = None, **headers: str) -> httpx.Response:
    """Ask for a new upload; `Upload_Length="5"` becomes `Upload-Length: 5`."""
    typed = {} if content is None else {"Content-Type": CONTENT_TYPE}
    return client.post("/uploads/", content=content, headers={**TUS, **typed, **name(headers)})


def create(client: httpx.Client, **headers: str) -> str:
    """The path of a new upload."""
    response = post(client, **headers)
    assert response.status_code == 201, response.text
    return response.headers["Location"]


def patch(
    client: httpx.Client, path: str, offset: int, content: bytes, **headers: str
) -> httpx.Response:
    """Send a piece."""
    own = {**TUS, "Content-Type": CONTENT_TYPE, "Upload-Offset": str(offset), **name(headers)}
    return client.patch(path, content=content, headers=own)


def head(client: httpx.Client, path: str) -> httpx.Response:
    """Ask how far it is."""
    return client.head(path, headers=TUS)


def find_offset(client: httpx.Client, path: str) -> int:
    """How far it is, in bytes."""
    response = head(client, path)
    assert response.status_code == 200, response.status_code
    return int(response.headers["Upload-Offset"])


def name(headers: dict[str, str]) -> dict[str, str]:
    return {key.replace("_", "-"): value for key, value in headers.items()}
