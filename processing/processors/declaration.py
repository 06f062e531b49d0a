"""What a processor declares about itself, checked when its module is imported."""

from __future__ import annotations

import inspect
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

Accepts: TypeAlias = Literal["json", "file"]
"""What a processor works on: a JSON value or a file."""

Priority: TypeAlias = Literal["low", "normal", "high"]
"""Which of two waiting jobs goes first."""

CALLS: dict[str, tuple[str, ...]] = {"json": ("job", "data"), "file": ("job", "source", "sink")}
"""The positional arguments that a processor is called with, by what it accepts."""

_PRIORITIES = get_args(Priority)
_NAME = re.compile(r"[a-z0-9_.-]{1,100}")
_MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+(; *[\w-]+=[\w.-]+)*", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Processor:
    """A function with the name and the limits that it is run under."""

    name: str
    """1 to 100 characters of a-z, 0-9, '_', '.' and '-'."""

    function: Callable[..., Any]
    """Called as (job, data) or (job, source, sink); returns a small JSON value."""

    accepts: Accepts
    """Whether it works on a JSON value or on a file."""

    memory_limit_mb: float | None = None
    """What one run may add to its process; None: the service's TASK_MEMORY_LIMIT_MB."""

    timeout_seconds: float | None = None
    """How long one run may take; None: the service's TASK_TIMEOUT_SECONDS."""

    max_attempts: int | None = None
    """How often a run is started before the job has failed; None: TASK_MAX_ATTEMPTS."""

    priority: Priority = "normal"
    """Where its jobs stand among those that wait, unless their submitter asks for another."""

    media_type: str = "application/octet-stream"
    """The Content-Type of what it writes to its sink."""

    def __post_init__(self) -> None:
        """Raise ValueError, saying what would do, if this could not be run."""
        _check_name(self.name)
        _check_accepts(self)
        _check_limit(self, "memory_limit_mb", self.memory_limit_mb)
        _check_limit(self, "timeout_seconds", self.timeout_seconds)
        _check_attempts(self)
        _check_priority(self)
        _check_media_type(self)
        _check_function(self)

    @property
    def location(self) -> str:
        """Where the function is defined: its module and qualified name."""
        return f"{self.function.__module__}.{self.function.__qualname__}"


def _check_name(name: str) -> None:
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise ValueError(
            f"processor name {name!r}: use 1 to 100 characters of a-z, 0-9, '_', '.' and '-'"
        )


def _check_accepts(declared: Processor) -> None:
    if declared.accepts not in CALLS:
        raise ValueError(
            f"processor {declared.name!r}: accepts is {declared.accepts!r}; use 'json' or 'file'"
        )


def _check_limit(declared: Processor, option: str, value: float | None) -> None:
    if value is None:
        return
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (is_number and 0 < value < math.inf):
        raise ValueError(
            f"processor {declared.name!r}: {option} is {value!r}; use a number above 0, "
            "or None for the service's default"
        )


def _check_attempts(declared: Processor) -> None:
    value = declared.max_attempts
    if value is None:
        return
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(
            f"processor {declared.name!r}: max_attempts is {value!r}; use a whole number from 1, "
            "or None for the service's default"
        )


def _check_priority(declared: Processor) -> None:
    if declared.priority not in _PRIORITIES:
        raise ValueError(
            f"processor {declared.name!r}: priority is {declared.priority!r}; "
            f"use {', '.join(_PRIORITIES)}"
        )


def _check_media_type(declared: Processor) -> None:
    value = declared.media_type
    if not (isinstance(value, str) and _MEDIA_TYPE.fullmatch(value)):
        raise ValueError(
            f"processor {declared.name!r}: media_type is {value!r}; use one like 'text/plain'"
        )


def _check_function(declared: Processor) -> None:
    function = declared.function
    if not inspect.isfunction(function):
        raise ValueError(f"processor {declared.name!r}: {function!r} is not a function")
    if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
        raise ValueError(
            f"processor {declared.name!r}: {declared.location} is async or a generator; "
            "use a plain function that returns its result"
        )
    _check_signature(declared)


def _check_signature(declared: Processor) -> None:
    arguments = CALLS[declared.accepts]
    signature = inspect.signature(declared.function)
    try:
        signature.bind(*arguments)
    except TypeError as error:
        raise ValueError(
            f"processor {declared.name!r}: {declared.location}{signature} cannot be called with "
            f"({', '.join(arguments)}), as accepts={declared.accepts!r} does"
        ) from error
