"""Typed readers for the environment: a bad value names itself, what it was and what would do."""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

import dj_database_url
from environs import Env, EnvError

T = TypeVar("T")

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off", ""})
#: What stands before the @ in a URL may be a password, and problems go to logs.
USER_INFORMATION = re.compile(r"//.*@")


class Environment:
    """Reads settings one by one and keeps every problem, so that one start shows them all."""

    def __init__(self) -> None:
        self._env = Env()
        self.problems: list[str] = []

    def text(self, name: str, default: str) -> str:
        """The value as it stands; an empty value counts as not set."""
        return self._env.str(name, "") or default

    def integer(self, name: str, default: int, *, least: int = 0, unit: str = "") -> int:
        """A whole number of at least `least`, in `unit`."""
        kind, example = f"a whole number{f' of {unit}' if unit else ''}", max(default, least)
        wanted = f"{kind}, {least} or more, such as {example}"
        return self._read(name, default, self._between(int, least), wanted)

    def seconds(
        self, name: str, default: float, *, least: float = 0.0, most: float = math.inf
    ) -> float:
        """A duration in seconds from `least` to `most`; fractions are taken."""
        span = f"{least:g} or more" if most == math.inf else f"{least:g} to {most:g}"
        wanted = f"a number of seconds, {span}, such as {default:g}"
        return self._read(name, default, self._between(float, least, most), wanted)

    def flag(self, name: str, default: bool) -> bool:
        """One of 1, true, yes, on, 0, false, no, off."""
        return self._read(name, default, _parse_flag, "1 or 0")

    def words(self, name: str, default: list[str]) -> list[str]:
        """A comma-separated list; blanks around the words are dropped."""
        return self._read(name, default, _parse_words, "a comma-separated list")

    def urls(self, name: str, default: list[str]) -> list[str]:
        """A comma-separated list of absolute http or https URLs without user information."""
        wanted = "a comma-separated list of http:// or https:// URLs without user information"
        return self._read(name, default, _parse_urls, wanted)

    def path(self, name: str, default: Path) -> Path:
        """A folder or file; a relative one counts from the working folder."""
        return Path(self.text(name, str(default))).absolute()

    def database(self, name: str, default: str) -> dict[str, Any]:
        """A database URL as Django's DATABASES entry; every process must get to the same one."""
        wanted = (
            "a database URL such as postgres://user@host/name or sqlite:////data/db.sqlite3 "
            "(a file, since web and worker share it)"
        )
        return self._read(name, _parse_database(default), _parse_database, wanted)

    def set_default(self, name: str, value: str) -> None:
        """Tell the libraries of this process and its children, unless the environment does."""
        os.environ.setdefault(name, value)

    def parsed(self, name: str, default: str, parse: Callable[[str], T], wanted: str) -> T:
        """Whatever `parse` makes of the text; it raises ValueError for a value that will not do."""
        return self._read(name, parse(default), parse, wanted)

    def _read(self, name: str, default: T, parse: Callable[[str], T], wanted: str) -> T:
        raw = self._env.str(name, "").strip()
        try:
            return parse(raw) if raw else default
        except (ValueError, EnvError):
            shown = USER_INFORMATION.sub("//…@", raw)
            self.problems.append(f"{name}={shown!r} makes no sense; it must be {wanted}")
            return default

    @staticmethod
    def _between(
        kind: Callable[[str], T], least: Any, most: float = math.inf
    ) -> Callable[[str], T]:
        def parse(raw: str) -> T:
            value: Any = kind(raw)
            if not least <= value <= most or value == math.inf:
                raise ValueError(raw)
            return value  # type: ignore[no-any-return]

        return parse


def parse_queue(raw: str) -> str:
    """Where jobs wait. Raises ValueError."""
    if raw != "database:":
        raise ValueError(raw)
    return raw


def _parse_flag(raw: str) -> bool:
    word = raw.lower()
    if word in TRUE_WORDS:
        return True
    if word in FALSE_WORDS:
        return False
    raise ValueError(raw)


def _parse_words(raw: str) -> list[str]:
    return [word.strip() for word in raw.split(",") if word.strip()]


def _parse_urls(raw: str) -> list[str]:
    urls = _parse_words(raw)
    for url in urls:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc:
            raise ValueError(url)
    return urls


def _parse_database(raw: str) -> dict[str, Any]:
    if raw.split(":")[0] not in {"sqlite", "postgres", "postgresql"}:
        raise ValueError(raw)
    try:
        database = dict(dj_database_url.parse(raw))
    except Exception as error:  # the parser raises whatever a malformed URL trips over
        raise ValueError(raw) from error
    if database["NAME"] == ":memory:":
        raise ValueError(raw)
    return database
