"""What a request may ask for its job: a priority and a delay."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import httpx
import pytest

from tests.service import Service
from tests.web.problem import check_problem

TIMES = """
SELECT priority, ROUND((JULIANDAY(run_after) - JULIANDAY(created_at)) * 86400, 2),
    ROUND((JULIANDAY(order_at) - JULIANDAY(run_after)) * 86400, 2)
FROM processing_job WHERE id = ?
"""


def post_json(client: httpx.Client, **query: Any) -> httpx.Response:
    return client.post(f"/process_data?{urlencode(query)}", json=1)


def post_file(client: httpx.Client, **query: Any) -> httpx.Response:
    return client.post(f"/upload_file?{urlencode(query)}", files={"file": b"text"})


Post = Callable[..., httpx.Response]
both_paths = pytest.mark.parametrize("post", [post_json, post_file])


def read_times(service: Service, answer: httpx.Response) -> tuple[Any, ...]:
    """The job's priority, its delay, and what its priority moves its place by, in seconds."""
    assert answer.status_code == 202, answer.text
    [row] = service.query(TIMES, UUID(answer.json()["job_id"]).hex)
    return row


@both_paths
@pytest.mark.parametrize(
    ("query", "times"),
    [
        ({}, ("normal", 0, 0)),
        ({"priority": "high"}, ("high", 0, -60)),
        ({"priority": "low", "delay_seconds": "90.5"}, ("low", 90.5, 600)),
        ({"delay_seconds": "0"}, ("normal", 0, 0)),
        ({"delay_seconds": "2592000"}, ("normal", 2_592_000, 0)),
    ],
)
def test_a_job_waits_as_its_request_asks(
    service: Service, client: httpx.Client, post: Post, query: Any, times: tuple[Any, ...]
) -> None:
    assert read_times(service, post(client, **query)) == times


@both_paths
@pytest.mark.parametrize("priority", ["urgent", "", "HIGH", "high ", "1"])
def test_a_priority_that_there_is_not_is_refused_with_those_there_are(
    client: httpx.Client, post: Post, priority: str
) -> None:
    document = check_problem(post(client, priority=priority), 400, "invalid_parameter")
    assert "low, normal, high" in document["detail"]


@both_paths
@pytest.mark.parametrize(
    "delay", ["", "soon", "-1", "nan", "inf", "1e3", "2592000.1", "99999999", "0x10", "٣", "1 "]
)
def test_a_delay_that_makes_no_sense_is_refused_with_what_would_do(
    client: httpx.Client, post: Post, delay: str
) -> None:
    document = check_problem(post(client, delay_seconds=delay), 400, "invalid_parameter")
    assert "0 to 2592000" in document["detail"]


def test_the_same_key_and_wishes_are_the_same_request(client: httpx.Client) -> None:
    def post(query: str) -> httpx.Response:
        headers = {"Idempotency-Key": "with wishes"}
        return client.post(f"/process_data?{query}", json=1, headers=headers)

    first = post("priority=high&delay_seconds=60")
    assert post("delay_seconds=60.0&priority=high").json() == first.json()
    for other in ("priority=low&delay_seconds=60", "priority=high", ""):
        check_problem(post(other), 422, "idempotency_mismatch")
