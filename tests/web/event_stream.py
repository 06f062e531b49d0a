"""Reading server-sent events as a browser does."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx


@dataclass(frozen=True, kw_only=True)
class Event:
    """One event, with its data read as JSON."""

    name: str
    id: str
    data: dict[str, Any]


def parse_events(lines: Iterable[str]) -> Iterator[Event]:
    """Each event as its empty line has come; comments and `retry` are left out."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if line and name:
            fields[name] = value.removeprefix(" ")
        elif not line and "data" in fields:
            data = json.loads(fields["data"])
            yield Event(name=fields["event"], id=fields["id"], data=data)
            fields = {}


@contextmanager
def follow_job(client: httpx.Client, job_id: str, seen_id: str = "") -> Iterator[Iterator[Event]]:
    """The events of a job as they come, for a client that has seen the event of that id."""
    headers = {"Last-Event-ID": seen_id} if seen_id else {}
    with client.stream("GET", f"/jobs/{job_id}/events", headers=headers) as response:
        assert response.status_code == 200, response.read()
        assert response.headers["Content-Type"] == "text/event-stream"
        yield parse_events(response.iter_lines())
