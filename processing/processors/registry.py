"""The processors by name: how a function becomes one, and how it is found again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from processing.errors import UnknownProcessor
from processing.processors.declaration import Accepts, Priority, Processor

Function = TypeVar("Function", bound=Callable[..., Any])

_processors: dict[str, Processor] = {}


def processor(
    name: str,
    *,
    accepts: Accepts = "json",
    memory_limit_mb: float | None = None,
    timeout_seconds: float | None = None,
    max_attempts: int | None = None,
    priority: Priority = "normal",
    media_type: str = "application/octet-stream",
) -> Callable[[Function], Function]:
    """Register the decorated function as a processor and return it unchanged.

    With `accepts="json"` it is called as `(job, data)`, with `accepts="file"` as
    `(job, source, sink)`, where source and sink are binary streams; see
    `processing.processors.job` for what `job` offers. It returns a small JSON value.
    A limit that is None is the service's default; `priority` says before which others its jobs go.
    A bad option, a function of another shape or a name that another function has raises ValueError.
    """

    def register(function: Function) -> Function:
        _add(
            Processor(
                name=name,
                function=function,
                accepts=accepts,
                memory_limit_mb=memory_limit_mb,
                timeout_seconds=timeout_seconds,
                max_attempts=max_attempts,
                priority=priority,
                media_type=media_type,
            )
        )
        return function

    return register


def get_processor(name: str) -> Processor:
    """Return the processor of that name; raise UnknownProcessor, which lists the known ones."""
    try:
        return _processors[name]
    except KeyError as error:
        known = ", ".join(sorted(_processors)) or "none"
        raise UnknownProcessor(f"There is no processor {name!r}. Known: {known}.") from error


def known_processors() -> tuple[Processor, ...]:
    """Return every processor, sorted by name."""
    return tuple(_processors[name] for name in sorted(_processors))


def _add(declared: Processor) -> None:
    present = _processors.get(declared.name)
    # A module that is reloaded registers its functions again.
    if present is not None and present.location != declared.location:
        raise ValueError(
            f"processor name {declared.name!r} is taken by {present.location}; "
            f"give {declared.location} another name"
        )
    _processors[declared.name] = declared
