"""The memory page and the list of samples: what they show, and to whom."""

from __future__ import annotations

import html
import json
import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from processing.admin import memory_points
from processing.memory.units import MIB
from processing.models import MemorySample, memory_sample_query
from processing.models.memory_sample_query import MemorySampleQuerySet
from tests.factories import make_sample

pytestmark = pytest.mark.django_db

LIST = "/admin/processing/memorysample/"
CHART = f"{LIST}chart/"
RECYCLED = "447 of 512 MB (87.3 %): recycled seat 2 (pid 12), idle with 61 MB"


def ago(**given: float) -> Any:
    return timezone.now() - timedelta(**given)


def read(client: Client, period: str = "3 hours") -> str:
    return html.unescape(client.get(CHART, {"period": period}).content.decode())


def find_charts(text: str) -> dict[str, dict[str, Any]]:
    """What each chart of a page draws, by its title: the data sets by their labels."""
    titles = re.findall(r"<h2[^>]*>\s*(\w+ on [^<]+?)\s*</h2>", text)
    documents = [json.loads(found) for found in re.findall(r'data-value="(\{.+?\})"', text)]
    assert len(titles) == len(documents)
    return {
        title: {line["label"]: line for line in document["datasets"]}
        for title, document in zip(titles, documents, strict=True)
    }


def find_values(line: dict[str, Any]) -> list[float]:
    return [value for value in line["data"] if value is not None]


def test_a_machine_has_its_quota_its_usage_and_each_process(operator: Client) -> None:
    make_sample(at=ago(minutes=30), name="template", used_bytes=20 * MIB)
    make_sample(at=ago(minutes=30), name="seat 10", used_bytes=30 * MIB)
    make_sample(at=ago(minutes=30), name="seat 9", used_bytes=int(40.26 * MIB))
    [(title, lines)] = find_charts(read(operator)).items()
    assert title == "worker on dyno-1"
    assert list(lines) == ["quota", "85% of it", "in use", "seat 9", "seat 10", "template"]
    assert [find_values(line) for line in lines.values()] == [
        [512.0],
        [435.2],
        [200.0],
        [40.3],
        [30.0],
        [20.0],
    ]


def test_each_point_is_the_most_of_its_span_at_its_place(operator: Client) -> None:
    start = timezone.now().timestamp() // 480 * 480 - 480 * 20
    for second, used_mb, usage_mb in [(0, 40, 200), (60, 90, 260), (470, 50, 210), (480, 10, 150)]:
        at = timezone.now() + timedelta(seconds=start + second - timezone.now().timestamp() + 1)
        make_sample(at=at, used_bytes=used_mb * MIB, usage_bytes=usage_mb * MIB)
    [lines] = find_charts(read(operator, "24 hours")).values()
    assert find_values(lines["seat 1"]) == [90, 10]
    assert find_values(lines["in use"]) == [260, 150]
    places = [place for place, value in enumerate(lines["seat 1"]["data"]) if value is not None]
    assert [len(lines["seat 1"]["data"]) - 1 - place for place in places] == [20, 19]


def test_every_host_and_type_has_a_chart_the_last_seen_first(operator: Client) -> None:
    make_sample(at=ago(hours=2), host="dyno-0")
    make_sample(at=ago(minutes=20), host="dyno-2")
    make_sample(at=ago(minutes=60), host="dyno-2", type="web", name="process")
    titles = list(find_charts(read(operator)))
    assert titles == ["worker on dyno-2", "web on dyno-2", "worker on dyno-0"]


def test_the_period_decides_what_is_shown(operator: Client) -> None:
    make_sample(at=ago(hours=5))
    make_sample(at=ago(hours=50), host="dyno-2")
    assert not find_charts(read(operator))
    assert "No samples in the last 3 hours" in read(operator)
    assert list(find_charts(read(operator, "24 hours"))) == ["worker on dyno-1"]
    assert list(find_charts(read(operator, "7 days"))) == ["worker on dyno-1", "worker on dyno-2"]
    assert "No samples in the last 3 hours" in read(operator, "a century")


def test_an_action_is_marked_at_its_usage_and_listed_with_its_sentence(operator: Client) -> None:
    make_sample(at=ago(minutes=30))
    make_sample(
        at=ago(minutes=30), name="seat 2", action="recycle", detail=RECYCLED, usage_bytes=447 * MIB
    )
    text = read(operator)
    [lines] = find_charts(text).values()
    assert find_values(lines["recycle"]) == [447.0]
    assert lines["recycle"]["pointStyle"] == "triangle"
    assert "seat 2" not in lines, "an action is no sample of a process"
    assert RECYCLED in text


def test_an_action_of_another_machine_is_not_marked_on_this_one(operator: Client) -> None:
    make_sample(at=ago(minutes=30))
    make_sample(at=ago(minutes=30), host="dyno-2", action="pause", detail="paused")
    [lines] = find_charts(read(operator)).values()
    assert "pause" not in lines


def test_what_somebody_named_a_host_or_a_task_is_only_text(operator: Client) -> None:
    evil = '"><script>alert(1)</script>'
    make_sample(at=ago(minutes=30), host=evil, name=evil, action="leak", detail=evil)
    make_sample(at=ago(minutes=30), host=evil, name=evil)
    assert "<script>alert" not in operator.get(CHART).content.decode()
    assert "<script>alert" not in operator.get(LIST).content.decode()


def test_of_too_many_machines_those_seen_last_are_drawn(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_points, "MOST_MACHINES", 2)
    for number in range(3):
        make_sample(at=ago(minutes=10 * number), host=f"dyno-{number}")
    text = read(operator)
    assert list(find_charts(text)) == ["worker on dyno-0", "worker on dyno-1"]
    assert "more samples than are drawn" in text


def test_of_too_many_points_the_newest_are_drawn(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minutes in (10, 20, 30, 40):
        make_sample(at=ago(minutes=minutes), used_bytes=minutes * MIB)
    assert "more samples than are drawn" not in read(operator)
    monkeypatch.setattr(memory_points, "MOST_POINTS", 2)
    text = read(operator)
    [lines] = find_charts(text).values()
    assert find_values(lines["seat 1"]) == [20, 10]
    assert "more samples than are drawn" in text


def test_of_too_many_samples_the_newest_are_looked_at(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory_sample_query, "MOST_SAMPLES", 2)
    for minutes in (10, 20, 30, 40):
        make_sample(at=ago(minutes=minutes), used_bytes=minutes * MIB)
    text = read(operator)
    [lines] = find_charts(text).values()
    assert find_values(lines["seat 1"]) == [30, 20, 10]
    assert "more samples than are drawn" in text


def test_a_week_of_many_processes_is_joined_by_the_database(operator: Client) -> None:
    minutes, names = 7 * 24 * 60, [f"seat {number}" for number in range(10)]
    MemorySample.objects.bulk_create(
        [
            MemorySample(
                at=ago(minutes=minute),
                host="dyno-1",
                type="worker",
                pid=1,
                name=name,
                used_bytes=MIB,
                usage_bytes=MIB,
                quota_bytes=MIB,
            )
            for minute in range(0, minutes, 20)
            for name in names
        ],
        batch_size=90,
    )
    with CaptureQueriesContext(connection) as queries:
        [lines] = find_charts(read(operator, "7 days")).values()
    assert all(len(find_values(lines[name])) in (180, 181) for name in names)
    [joined] = [query["sql"] for query in queries if "GROUP BY" in query["sql"]]
    assert joined.endswith(f"LIMIT {memory_points.MOST_POINTS}")


def test_actions_are_found_by_their_own_index(operator: Client) -> None:
    actions: MemorySampleQuerySet = MemorySample.objects.with_action()
    if connection.vendor == "sqlite":
        assert "memory_sample_action" in actions.newest_first()[:51].explain()
        assert "memory_sample_action" in actions.filter(action="leak").newest_first().explain()
        assert "memory_sample_at" in MemorySample.objects.newest_first()[:51].explain()


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", {"seat 1", "seat 2", "seat 3"}),
        ("type=web", {"seat 3"}),
        ("action=any", {"seat 2", "seat 3"}),
        ("action=recycle", {"seat 2"}),
        ("action=leak&type=worker", set()),
    ],
)
def test_the_list_is_filtered_by_type_and_action(
    operator: Client, query: str, names: set[str]
) -> None:
    make_sample(name="seat 1")
    make_sample(name="seat 2", action="recycle", detail=RECYCLED)
    make_sample(name="seat 3", action="leak", type="web")
    rows = operator.get(f"{LIST}?{query}").context["cl"].result_list
    assert {sample.name for sample in rows} == names


def test_what_is_done_in_worker_and_web_can_be_chosen(operator: Client) -> None:
    make_sample()
    text = html.unescape(operator.get(LIST).content.decode())
    chosen = set(re.findall(r'href="\?(?:[^"]*&)?action=(\w+)', text))
    assert {"any", "pause", "recycle", "trim", "replace"} <= chosen


def test_a_sample_has_a_page_with_its_sentence(operator: Client) -> None:
    sample = make_sample(action="recycle", detail=RECYCLED)
    assert RECYCLED in operator.get(f"{LIST}{sample.pk}/change/").content.decode()
    assert operator.post(f"{LIST}{sample.pk}/change/", {"detail": ""}).status_code == 403


def test_the_list_leads_to_the_chart_and_back(viewer: Client) -> None:
    make_sample()
    assert f'href="{CHART}"' in viewer.get(LIST).content.decode()
    assert f'href="{LIST}"' in viewer.get(CHART).content.decode()


def test_who_may_not_see_samples_does_not_see_the_chart(django_user_model: Any) -> None:
    client = Client()
    client.force_login(django_user_model.objects.create_user("clerk", is_staff=True))
    assert client.get(CHART).status_code == 403
    assert Client().get(CHART).headers["Location"].startswith("/admin/login/")
