"""The table of a job's deliveries on its page."""

from __future__ import annotations

import json
import re

import pytest
from django.test import Client

from processing.models import Job
from tests.factories import make_job

pytestmark = pytest.mark.django_db

LOST = {
    "delivery": 1,
    "started_at": "2026-01-31T12:00:00+00:00",
    "ended_at": "2026-01-31T12:01:15+00:00",
    "where": "dyno-7:4711",
    "outcome": "worker_lost",
    "charged": False,
}
NEVER_BEGAN = {**LOST, "delivery": 2, "started_at": None, "where": "", "outcome": "given back"}
FAILED = {**LOST, "delivery": 3, "outcome": "<task_error>", "charged": True}


def read_page(client: Client, job: Job) -> str:
    response = client.get(f"/admin/processing/job/{job.pk}/change/")
    assert response.status_code == 200
    return response.content.decode()


def read_rows(text: str) -> list[list[str]]:
    """The cells of the table's rows."""
    bodies = re.findall(r"<tbody.+?</tbody>", text, re.DOTALL)
    return [
        [
            " ".join(re.sub(r"<[^>]+>", "", cell).split())
            for cell in re.findall(r"<td[^>]*>(.+?)</td>", body, re.DOTALL)
        ]
        for body in bodies
    ]


def test_each_delivery_has_a_row_and_the_last_is_the_newest(operator: Client) -> None:
    history = "".join(json.dumps(line) + "\n" for line in (LOST, NEVER_BEGAN, FAILED))
    text = read_page(operator, make_job(history=history))
    assert read_rows(text) == [
        ["1", "2026-01-31 12:00:00", "1 min 15 s", "dyno-7:4711", "worker_lost", "no"],
        ["2", "-", "-", "-", "given back", "no"],
        ["3", "2026-01-31 12:00:00", "1 min 15 s", "dyno-7:4711", "&lt;task_error&gt;", "yes"],
    ]
    for header in ("Number", "Started", "Took", "Where", "Outcome", "Charged"):
        assert header in text


def test_a_job_without_deliveries_has_no_table(operator: Client) -> None:
    assert "Deliveries that have ended" not in read_page(operator, make_job())
