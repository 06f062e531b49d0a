"""The outline of a JSON value: its type, size and depth."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from processing.processors.job import JSONValue

Container: TypeAlias = list[JSONValue] | dict[str, JSONValue]


def name_type(value: JSONValue) -> str:
    """Return "null", "boolean", "number", "string", "list" or "object"."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str():
            return "string"
        case list():
            return "list"
        case dict():
            return "object"


def measure_size(value: JSONValue) -> int:
    """Return the number of items, names or characters; 1 for any other value."""
    return len(value) if isinstance(value, list | dict | str) else 1


def measure_depth(value: JSONValue) -> int:
    """Return how deep lists and objects nest: 0 for a scalar, 1 for `[]`, 2 for `[[1]]`."""
    depth = 0
    containers = _pick_containers([value])
    while containers:
        depth += 1
        containers = [
            inner for container in containers for inner in _pick_containers(_children(container))
        ]
    return depth


def _children(container: Container) -> Iterable[JSONValue]:
    return container.values() if isinstance(container, dict) else container


def _pick_containers(values: Iterable[JSONValue]) -> list[Container]:
    return [value for value in values if isinstance(value, list | dict)]
