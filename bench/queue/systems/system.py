"""A system: what there is to know about it from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


def run_one(*arguments: str) -> Callable[[int], list[list[str]]]:
    """One command for any number of seats; `{seats}` in it becomes that number."""
    return lambda seats: [[argument.format(seats=seats) for argument in arguments]]


def run_each(*arguments: str) -> Callable[[int], list[list[str]]]:
    """A command for each seat."""
    return lambda seats: [list(arguments)] * seats


@dataclass(frozen=True, kw_only=True)
class System:
    """How to start its workers, how to send to it, and how to count its results."""

    name: str
    title: str
    package: str
    """The distribution whose version is reported; empty for Plimsoll itself."""

    interpreter: str
    """Which venv it lives in: "project", "peers" or "ox"."""

    stores: tuple[str, ...]
    app: str
    """The module of bench.queue.apps that sends to it."""

    workers: Callable[[int], list[list[str]]]
    """The commands that are N workers, each without the interpreter."""

    results: Mapping[str, str]
    """What counts the results that are saved: by kind of store, SQL or a pattern of keys."""

    environment: Mapping[str, str] = field(default_factory=dict)
    """`{url}` (of the store) and `{folder}` (for the run's files) in it are replaced."""

    measures: tuple[str, ...] = ()
    """The measures that it takes part in; all where it is empty."""
