"""Where a system keeps its queue and its results; one kind of store per module here."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Store(ABC):
    """A store for one measurement, fresh."""

    url: str
    """What the system is told."""

    @abstractmethod
    def count(self, question: str) -> int:
        """How many results there are; `question` is SQL, or a pattern of Redis keys."""


class Kind(ABC):
    """Makes stores of one kind."""

    name: str
    title: str

    @abstractmethod
    def find_obstacle(self) -> str | None:
        """Why there can be no such store here, or None."""

    @abstractmethod
    def describe(self) -> str:
        """Its version, and how much it does to keep what it was given."""

    @abstractmethod
    @contextmanager
    def lend(self, owner: str, prepare: Callable[[str], None]) -> Iterator[Store]:
        """A store that is empty but for what `prepare(url)` puts into it.

        It is prepared once for each `owner`, and copied after that.
        """

    @abstractmethod
    def remove_all(self) -> None:
        """Remove everything that this kind has made."""
