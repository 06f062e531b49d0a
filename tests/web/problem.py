"""What every error answer must be."""

from __future__ import annotations

import json
from typing import Any

import httpx


def check_problem(response: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """Fail unless it is a problem document (RFC 9457) of that status and code; returns it."""
    assert response.status_code == status, response.text
    return check_document(response.headers["Content-Type"], response.content, status, code)


def check_document(content_type: str, body: bytes, status: int, code: str) -> dict[str, Any]:
    assert content_type == "application/problem+json"
    document: dict[str, Any] = json.loads(body)
    assert set(document) == {"type", "title", "status", "detail", "code"}
    assert (document["status"], document["code"]) == (status, code), document
    assert document["type"] == "about:blank"
    assert document["title"]
    assert document["detail"]
    return document
