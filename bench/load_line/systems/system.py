"""A system: what there is to know about it from outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from bench.load_line.ends import Ends
from bench.load_line.place import Place


@dataclass(frozen=True, kw_only=True)
class System:
    """How to start it under dyno, and how to learn what became of its jobs.

    All of them answer the same requests. In commands and environment `{python}`, `{root}`,
    `{folder}` and `{url}` are replaced.
    """

    name: str
    title: str
    """`{version}` in it is replaced."""

    package: str
    """The distribution whose version is reported; empty for Plimsoll itself."""

    interpreter: str
    """Which venv it lives in: "project" or "peers"."""

    formation: tuple[str, ...]
    """The dynos, as in `manage.py dyno web=1`."""

    procfile: Mapping[str, str] = field(default_factory=dict)
    """The command of each; empty for the project's own Procfile."""

    migrate: tuple[str, ...] = ()
    """Prepares its database, without the interpreter; empty for a system that has none."""

    environment: Mapping[str, str] = field(default_factory=dict)

    read_ends: Callable[[Place], Ends]
