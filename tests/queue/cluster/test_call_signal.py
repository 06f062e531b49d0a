"""The signals of django-q2's loop around a call, and who hears of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.dispatch import Signal

from processing.queue.aftermath import AFTERMATH_FUNCTIONS
from processing.queue.cluster.call import CallSignal


@pytest.mark.parametrize("function", ["any.function", print])
def test_receivers_are_told_of_the_operators_own_tasks(function: Any) -> None:
    told = tell_of(function)
    assert told == [("django_q", function)]


@pytest.mark.parametrize("function", AFTERMATH_FUNCTIONS)
def test_receivers_are_not_told_of_what_finishes_their_tasks(function: str) -> None:
    assert tell_of(function) == []


def tell_of(function: Any) -> list[Any]:
    """Send a call's signal; returns what a receiver was told."""
    told: list[Any] = []
    sent = Signal()

    def receive(sender: str, task: dict[str, Any], **kwargs: Any) -> None:
        told.append((sender, task["func"]))

    sent.connect(receive)
    CallSignal(sent).send(sender="django_q", func=function, task={"func": function})
    return told
