"""The readers of the environment, each with what it takes and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from project.environment import Environment

NAME = "A_SETTING"
NUMBER = {"default": 7}


def read(monkeypatch: pytest.MonkeyPatch, raw: str, kind: str, **options: Any) -> tuple[Any, str]:
    """The value that the reader makes of `raw`, and the problem it found."""
    monkeypatch.setenv(NAME, raw)
    env = Environment()
    value = getattr(env, kind)(NAME, **options)
    return value, "".join(env.problems)


@pytest.mark.parametrize(
    ("kind", "options", "raw", "expected"),
    [
        ("integer", NUMBER, "3", 3),
        ("integer", NUMBER, " 3 ", 3),
        ("integer", NUMBER, "", 7),
        ("integer", NUMBER, "   ", 7),
        ("integer", NUMBER | {"least": 0}, "0", 0),
        ("seconds", {"default": 7.0}, "0.5", 0.5),
        ("seconds", {"default": 7.0}, "1e1", 10.0),
        ("seconds", {"default": 7.0, "most": 25}, "25", 25.0),
        ("flag", {"default": False}, "1", True),
        ("flag", {"default": False}, "Yes", True),
        ("flag", {"default": False}, "ON", True),
        ("flag", {"default": True}, "0", False),
        ("flag", {"default": True}, "off", False),
        ("flag", {"default": True}, "False", False),
        ("flag", {"default": True}, "", True),
        ("words", {"default": ["x"]}, "a, b,,c ", ["a", "b", "c"]),
        ("words", {"default": ["x"]}, "", ["x"]),
        ("words", {"default": ["x"]}, ",", []),
        ("urls", {"default": []}, "http://a,https://b/c?d", ["http://a", "https://b/c?d"]),
        ("text", {"default": "x"}, "y", "y"),
        ("text", {"default": "x"}, "", "x"),
        ("path", {"default": Path("/x")}, "/y/z", Path("/y/z")),
        ("path", {"default": Path("/x")}, "z", Path("z").absolute()),
    ],
)
def test_a_good_value_is_read(
    monkeypatch: pytest.MonkeyPatch, kind: str, options: dict[str, Any], raw: str, expected: Any
) -> None:
    assert read(monkeypatch, raw, kind, **options) == (expected, "")


@pytest.mark.parametrize(
    ("kind", "options", "raw", "wanted"),
    [
        ("integer", NUMBER, "three", "a whole number, 0 or more, such as 7"),
        ("integer", NUMBER, "1.5", "a whole number, 0 or more, such as 7"),
        ("integer", NUMBER, "-1", "a whole number, 0 or more, such as 7"),
        ("integer", NUMBER | {"least": 1, "unit": "bytes"}, "0", "of bytes, 1 or more, such as 7"),
        ("integer", NUMBER, "9" * 5000, "a whole number"),
        ("integer", NUMBER, "10M", "a whole number"),
        ("seconds", {"default": 7.0}, "soon", "a number of seconds, 0 or more, such as 7"),
        ("seconds", {"default": 7.0}, "nan", "a number of seconds"),
        ("seconds", {"default": 7.0}, "inf", "a number of seconds"),
        ("seconds", {"default": 7.0}, "1e400", "a number of seconds"),
        ("seconds", {"default": 7.0, "least": 0.1}, "0.05", "0.1 or more"),
        ("seconds", {"default": 7.0, "least": 0.1, "most": 25}, "25.1", "0.1 to 25, such as 7"),
        ("flag", {"default": True}, "maybe", "1 or 0"),
        ("flag", {"default": True}, "2", "1 or 0"),
        ("urls", {"default": []}, "example.com", "http:// or https:// URLs"),
        ("urls", {"default": []}, "http://a,ftp://b", "http:// or https:// URLs"),
        ("urls", {"default": []}, "http://", "http:// or https:// URLs"),
        ("urls", {"default": []}, "http://[::1", "http:// or https:// URLs"),
        ("database", {"default": "sqlite:////x"}, "mysql://h/n", "a database URL"),
        ("database", {"default": "sqlite:////x"}, "a-host/name", "a database URL"),
        ("database", {"default": "sqlite:////x"}, "postgres://h:x/n", "a database URL"),
        ("database", {"default": "sqlite:////x"}, "sqlite://", "web and worker share it"),
        ("database", {"default": "sqlite:////x"}, "sqlite:///", "web and worker share it"),
        ("database", {"default": "sqlite:////x"}, "sqlite://:memory:", "web and worker share it"),
        ("database", {"default": "sqlite:////x"}, "sqlite:///:memory:", "web and worker share it"),
        ("database", {"default": "sqlite:////x"}, "sqlite://db.sqlite3", "web and worker share it"),
    ],
)
def test_a_bad_value_is_named_with_what_would_do(
    monkeypatch: pytest.MonkeyPatch, kind: str, options: dict[str, Any], raw: str, wanted: str
) -> None:
    value, problem = read(monkeypatch, raw, kind, **options)
    assert problem.startswith(f"{NAME}={raw!r} makes no sense; it must be ")
    assert wanted in problem
    if kind != "database":
        assert value == options["default"]


def test_a_database_is_read_from_its_url(monkeypatch: pytest.MonkeyPatch) -> None:
    url = "postgres://user:pa%3Ass@db.example:6432/name"
    value, problem = read(monkeypatch, url, "database", default="sqlite:////x")
    assert problem == ""
    assert value["ENGINE"] == "django.db.backends.postgresql"
    assert (value["HOST"], value["PORT"], value["NAME"]) == ("db.example", 6432, "name")
    assert (value["USER"], value["PASSWORD"]) == ("user", "pa:ss")


@pytest.mark.parametrize(
    ("kind", "default", "raw", "shown"),
    [
        ("urls", [], "http://user:pass@a.example/x", "http://…@a.example/x"),
        ("urls", [], "https://user@a.example", "https://…@a.example"),
        ("urls", [], "http://a.example,http://u:pass,w@b.example", "http://…@b.example"),
        ("database", "sqlite:////x", "postgres://user:pass/w@h:x/name", "postgres://…@h:x/name"),
    ],
)
def test_a_bad_url_is_shown_without_its_user(
    monkeypatch: pytest.MonkeyPatch, kind: str, default: Any, raw: str, shown: str
) -> None:
    _, problem = read(monkeypatch, raw, kind, default=default)
    assert problem.startswith(f"{NAME}={shown!r} makes no sense; it must be ")
    assert "pass" not in problem


def test_every_problem_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    env = Environment()
    for name in ("ONE", "TWO"):
        monkeypatch.setenv(name, "x")
        env.integer(name, 1)
    assert [problem.partition("=")[0] for problem in env.problems] == ["ONE", "TWO"]
