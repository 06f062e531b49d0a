"""Reading a signed package without running what it names."""

from __future__ import annotations

import math
import pickle
import uuid
from collections import Counter, OrderedDict
from functools import partial
from typing import Any

import pytest
from django.core.signing import dumps
from django.utils import timezone
from django_q.conf import Conf
from django_q.signing import BadSignature, PickleSerializer, SignedPackage

from processing.queue.package import UnreadablePackage, read_package

ran: list[str] = []


def note_run() -> None:
    ran.append("ran")


class RunsWhenUnpickled:
    def __reduce__(self) -> Any:
        return (note_run, ())


class Row(dict[str, int]):
    """A class that pickles as a new object, its items, and its state."""

    def __init__(self) -> None:
        super().__init__(a=1)
        self.label = "x"


TASK_ID = "9ea6680c5acd49e0a1ccc579bc0ba1b2"


def make_task(**values: Any) -> dict[str, Any]:
    return {
        "id": "9ea6680c5acd49e0a1ccc579bc0ba1b2",
        "name": "a task",
        "func": "math.floor",
        "args": (),
        **values,
    }


def test_what_is_plain_is_read_as_it_is() -> None:
    task = make_task(timeout=1.5, ack_failure=True, kwargs={"a": [1, None, b"x"]}, cluster="other")
    assert read_package(SignedPackage.dumps(task)) == task


def test_a_compressed_package_is_read_too() -> None:
    task = make_task(args=("x" * 10_000,))
    assert read_package(SignedPackage.dumps(task, True)) == task


def test_no_code_of_the_package_is_run() -> None:
    package = SignedPackage.dumps(make_task(args=(RunsWhenUnpickled(),)))
    assert read_package(package)["name"] == "a task"
    assert ran == []
    SignedPackage.loads(package)
    assert ran == ["ran"], "or else the test proves nothing"


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (math.floor, "math.floor"),
        (note_run, f"{__name__}.note_run"),
        (RunsWhenUnpickled, f"{__name__}.RunsWhenUnpickled"),
        ("some.module.function", "some.module.function"),
    ],
)
def test_a_function_is_its_dotted_name(function: Any, name: str) -> None:
    assert read_package(SignedPackage.dumps(make_task(func=function)))["func"] == name


@pytest.mark.parametrize(
    "value",
    [
        timezone.now(),
        uuid.uuid4(),
        Row(),
        OrderedDict(a=1),
        Counter("aab"),
        partial(math.floor, 1.5),
        {RunsWhenUnpickled},
        ValueError("x"),
        1j,
    ],
)
def test_objects_of_any_class_are_passed_over(value: Any) -> None:
    task = read_package(SignedPackage.dumps(make_task(args=(value, [value], {"k": value}))))
    assert task["name"] == "a task"


def test_what_another_key_signed_is_refused() -> None:
    package = dumps(make_task(), key="another", salt=Conf.PREFIX, serializer=PickleSerializer)
    with pytest.raises(BadSignature):
        read_package(package)


@pytest.mark.parametrize(
    "data",
    [
        pickle.dumps([1, 2]),
        pickle.dumps({"id": "1"}),
        pickle.dumps({"id": 1, "name": "a task", "func": "math.floor"}),
        pickle.dumps(make_task())[:-20],
        b"no pickle",
        b"",
    ],
)
def test_what_is_no_task_is_refused(data: bytes) -> None:
    class Raw:
        def dumps(self, value: bytes) -> bytes:
            return value

    package = dumps(data, key=Conf.SECRET_KEY, salt=Conf.PREFIX, serializer=Raw)
    with pytest.raises(UnreadablePackage):
        read_package(package)
