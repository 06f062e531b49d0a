"""django-q2's ended tasks: their lists unpickle nothing, their pages what they can."""

from __future__ import annotations

import pickle
from base64 import b64encode
from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.utils import timezone
from django_q.models import Failure, OrmQ, Success, Task
from picklefield.fields import PickledObject

from tests.factories import make_job

pytestmark = pytest.mark.django_db

TASK_ID = "0123456789abcdef0123456789abcdef"

loaded: list[str] = []


def go_off(name: str) -> str:
    loaded.append(name)
    raise RuntimeError("a class that is gone")


class Bomb:
    """Its pickle raises when it is loaded, and leaves a trace."""

    def __reduce__(self) -> tuple[Any, ...]:
        return go_off, ("bomb",)


class Unspeakable:
    def __repr__(self) -> str:
        raise ValueError("no words")


def pickled(value: Any) -> PickledObject:
    """The text that the field would store, made without the copy that would set it off."""
    return PickledObject(b64encode(pickle.dumps(value)).decode())


def make_task(*, success: bool = True, **columns: Any) -> Task:
    now = timezone.now()
    defaults = {"id": TASK_ID, "name": "tidy", "func": "shop.tidy", "started": now, "stopped": now}
    return Task.objects.create(success=success, **(defaults | columns))


def page(client: Client, kind: str = "success") -> str:
    response = client.get(f"/admin/django_q/{kind}/{TASK_ID}/change/")
    assert response.status_code == 200
    return response.content.decode()


@pytest.fixture(autouse=True)
def nothing_loaded() -> None:
    loaded.clear()


@pytest.mark.parametrize(("kind", "success"), [("success", True), ("failure", False)])
def test_a_list_never_unpickles(operator: Client, kind: str, success: bool) -> None:
    bomb = pickled(Bomb())
    make_task(success=success, args=bomb, kwargs=bomb, result=bomb)
    response = operator.get(f"/admin/django_q/{kind}/?q=tidy")
    assert response.status_code == 200
    assert "shop.tidy" in response.content.decode()
    assert loaded == []
    assert Task.objects.get().result, "the bomb is real: whoever reads the field sets it off"
    assert loaded == ["bomb"] * 3


def test_a_page_shows_the_values(operator: Client) -> None:
    make_task(args=(1, "two"), kwargs={"three": 3}, result={"four": [4.5]})
    text = page(operator)
    assert "(1, &#x27;two&#x27;)" in text
    assert "{&#x27;three&#x27;: 3}" in text
    assert "{&#x27;four&#x27;: [4.5]}" in text


def test_a_failure_shows_its_traceback_line_by_line(operator: Client) -> None:
    make_task(success=False, result="no : Traceback (most recent call last):\n  here")
    assert "no : Traceback (most recent call last):\n  here</pre>" in page(operator, "failure")


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (pickled(Bomb()), "(cannot be shown: RuntimeError: a class that is gone)"),
        (pickled(Unspeakable()), "(cannot be shown: ValueError: no words)"),
        (PickledObject("bm90IGEgcGlja2xl"), "(cannot be shown: UnpicklingError:"),
        (PickledObject("x" * 1_000_001), "(too large to show: more than 1,000,000 characters)"),
    ],
    ids=["raises", "has no repr", "is no pickle", "is too large"],
)
def test_a_value_that_cannot_be_shown_says_why(
    operator: Client, value: PickledObject, why: str
) -> None:
    make_task(result=value)
    assert why in page(operator)


def test_a_task_links_to_its_job(operator: Client) -> None:
    make_job(id=TASK_ID)
    make_task()
    link = f'href="/admin/processing/job/{TASK_ID}/change/"'
    assert link in operator.get("/admin/django_q/success/").content.decode()
    assert operator.get(f"/admin/processing/job/{TASK_ID}/change/").status_code == 200


@pytest.mark.parametrize("path", ["add/", f"{TASK_ID}/delete/"])
def test_tasks_are_not_added_or_deleted_by_hand(operator: Client, path: str) -> None:
    make_task()
    assert operator.get(f"/admin/django_q/success/{path}").status_code == 403


def test_nothing_submits_a_task_again_without_its_options(operator: Client) -> None:
    make_task()
    assert "resubmit" not in operator.get("/admin/django_q/success/").content.decode().lower()


def test_the_queue_of_django_q2_is_not_shown(operator: Client) -> None:
    assert operator.get("/admin/django_q/ormq/").status_code == 404
    assert not admin.site.is_registered(OrmQ)
    assert admin.site.is_registered(Success)
    assert admin.site.is_registered(Failure)
