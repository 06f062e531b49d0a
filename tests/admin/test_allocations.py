"""The table of what a job allocated, on its page."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from tests.admin.test_deliveries import read_page, read_rows
from tests.factories import make_job

pytestmark = pytest.mark.django_db

MIB = 1024 * 1024
TITLE = "Lines that held most when it ran alone"
LINES = [
    {"place": "/app/hog.py:12", "line": "d.append(<x>)", "bytes": 80 * MIB, "blocks": 1234},
    {
        "place": "/app/hog.py:3",
        "line": "json.loads(text)",
        "bytes": MIB,
        "blocks": 0,
        "detail": "in decoder.py:353",
    },
]


def test_each_line_has_a_row_and_the_one_that_held_most_is_first(operator: Client) -> None:
    text = read_page(operator, make_job(runs_alone=True, allocation_profile=json.dumps(LINES)))
    assert TITLE in text
    assert read_rows(text) == [
        ["80.0 MB", "1,234", "/app/hog.py:12", "d.append(&lt;x&gt;)"],
        ["1.0 MB", "-", "/app/hog.py:3", "json.loads(text) (in decoder.py:353)"],
    ]


def test_a_job_that_was_not_profiled_has_no_table(operator: Client) -> None:
    assert TITLE not in read_page(operator, make_job())


def test_the_page_tells_limit_peak_and_whether_it_runs_alone(operator: Client) -> None:
    job = make_job(runs_alone=True, memory_limit_bytes=64 * MIB, peak_memory_bytes=84 * MIB)
    text = read_page(operator, job)
    for told in ("64.0\N{NO-BREAK SPACE}MB", "84.0\N{NO-BREAK SPACE}MB", "it went over its limit"):
        assert told in text
    assert "it went over its limit" not in read_page(operator, make_job())
