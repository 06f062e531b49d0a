"""A system: how its web process is started."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar


@dataclass(frozen=True, kw_only=True)
class WebSystem:
    """What each bench that measures a web process knows of one, and adds to.

    In the environment `{root}`, `{folder}` and `{url}` (of the database) are replaced, in the
    command `{port}`.
    """

    name: str
    title: str
    """`{version}` in it is replaced."""

    package: str = ""
    """The distribution whose version is reported."""

    interpreter: str = "project"
    """Which venv it lives in: "project" or "peers"."""

    command: tuple[str, ...]
    """The web process, without the interpreter."""

    migrate: tuple[str, ...] = ()
    """Prepares its database, without the interpreter; empty for a system that has none."""

    environment: Mapping[str, str] = field(default_factory=dict)

    measures: tuple[str, ...] = ()
    """The measures that it takes part in; all where it is empty."""


#: Of one bench.
S = TypeVar("S", bound=WebSystem)
