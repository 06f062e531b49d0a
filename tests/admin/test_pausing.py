"""Pausing and resuming queues over the list of jobs."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from processing.models import QueuePause
from processing.queue.pause import find_pause, pause_queue

pytestmark = pytest.mark.django_db

LIST = "/admin/processing/job/"
PAUSE = f"{LIST}pause/"
RESUME = f"{LIST}resume/"


def read(client: Client) -> str:
    return " ".join(client.get(LIST).content.decode().split())


def press(client: Client, path: str, **data: str) -> list[str]:
    """Press a button of the list; the messages that it then shows."""
    response = client.post(path, data, follow=True)
    assert response.redirect_chain == [(LIST, 302)]
    return [str(message) for message in response.context["messages"]]


def test_the_list_offers_to_pause_and_then_to_resume(operator: Client) -> None:
    text = read(operator)
    assert "Pause the queue plimsoll" in text
    assert "Resume" not in text
    assert press(operator, PAUSE) == ["The queue plimsoll is paused; what runs goes on."]
    pause = find_pause("plimsoll")
    assert pause is not None
    assert pause.paused_by == "admin"
    text = read(operator)
    assert re.search(r"The queue plimsoll is paused since [0-9 :-]{19} UTC by admin\.", text)
    assert "Pause the queue" not in text
    assert press(operator, RESUME, queue="plimsoll") == ["The queue plimsoll is resumed."]
    assert find_pause("plimsoll") is None
    assert "is paused" not in read(operator)


def test_another_queue_that_is_paused_is_shown_too(operator: Client) -> None:
    pause_queue("reports", "ada")
    text = read(operator)
    assert "The queue reports is paused since" in text
    assert "Pause the queue plimsoll" in text
    press(operator, RESUME, queue="reports")
    assert not QueuePause.objects.exists()


@pytest.mark.parametrize("queue", ["plimsoll", "", "a\0b", "x" * 1000])
def test_resuming_what_is_not_paused_says_so(operator: Client, queue: str) -> None:
    pause_queue("reports", "ada")
    assert press(operator, RESUME, queue=queue) == ["That queue is not paused."]
    assert find_pause("reports") is not None


def test_a_pause_stays_whose_it_was(operator: Client) -> None:
    pause_queue("plimsoll", "ada")
    press(operator, PAUSE)
    assert "UTC by ada" in read(operator)


def test_who_may_only_look_sees_the_banner_without_a_button(viewer: Client) -> None:
    assert "Pause the queue" not in read(viewer)
    assert viewer.post(PAUSE).status_code == 403
    assert find_pause("plimsoll") is None
    pause_queue("plimsoll", "ada")
    text = read(viewer)
    assert "is paused since" in text
    assert "Resume" not in text
    assert viewer.post(RESUME, {"queue": "plimsoll"}).status_code == 403
    assert find_pause("plimsoll") is not None


@pytest.mark.parametrize("path", [PAUSE, RESUME])
def test_a_link_alone_changes_nothing(operator: Client, path: str) -> None:
    assert operator.get(path).status_code == 405
    assert find_pause("plimsoll") is None


def test_a_post_from_elsewhere_is_refused(operator: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator.cookies
    assert strict.post(PAUSE).status_code == 403
    assert find_pause("plimsoll") is None


def test_the_forms_carry_what_the_check_wants(operator: Client) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = operator.cookies
    form = re.search(rf'<form method="post" action="{PAUSE}".+?</form>', read(strict))
    assert form is not None
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', form[0])
    assert token is not None
    assert strict.post(PAUSE, {"csrfmiddlewaretoken": token[1]}).status_code == 302
    assert find_pause("plimsoll") is not None


def test_a_stranger_is_sent_to_the_login() -> None:
    response = Client().post(PAUSE)
    assert response.headers["Location"].startswith("/admin/login/")
    assert find_pause("plimsoll") is None
