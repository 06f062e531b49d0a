"""Values that read well and would do harm in silence; each stops the start."""

from __future__ import annotations

import pytest

from tests.project.test_settings import check, show


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (
            {"QUEUE_URL": "redis://127.0.0.1/0"},
            "QUEUE_URL='redis://127.0.0.1/0' makes no sense; "
            "it must be database: (the only queue so far)",
        ),
        (
            {"FANOUT_DEADLINE_SECONDS": "25.5"},
            "FANOUT_DEADLINE_SECONDS='25.5' makes no sense; "
            "it must be a number of seconds, 0.1 to 25, such as 20",
        ),
        (
            {"EXTERNAL_URLS": "https://user:password@api.example.com/"},
            "EXTERNAL_URLS='https://…@api.example.com/' makes no sense; it must be "
            "a comma-separated list of http:// or https:// URLs without user information",
        ),
        (
            {"DATABASE_URL": "sqlite://:memory:"},
            "DATABASE_URL='sqlite://:memory:' makes no sense; it must be a database URL such as "
            "postgres://user@host/name or sqlite:////data/db.sqlite3 "
            "(a file, since web and worker share it)",
        ),
        (
            {"API_TOKENS": "a-token-of-16-ch,:operate"},
            "API_TOKENS has the entry ':operate', which makes no sense; it must be TOKEN:operate",
        ),
        (
            {"SECRET_KEY": "x" * 31},
            "SECRET_KEY has 31 characters; "
            "it must be a random text of 32 or more that stays the same",
        ),
    ],
)
def test_a_value_that_would_do_harm_in_silence_is_refused(given: dict[str, str], told: str) -> None:
    assert check(**given) == (1, f"Plimsoll cannot start: {told}\n")


@pytest.mark.parametrize(
    "given",
    [
        {"QUEUE_URL": "database:"},
        {"FANOUT_DEADLINE_SECONDS": "25"},
        {"SECRET_KEY": "x" * 32},
        {"API_TOKENS": "a-token-of-16-ch:operate"},
    ],
)
def test_what_is_just_good_enough_is_taken(given: dict[str, str]) -> None:
    assert check(**given) == (0, "")


def test_a_postgresql_that_is_gone_is_noticed_and_the_url_may_say_when() -> None:
    names = ("connect_timeout", "tcp_user_timeout", "keepalives_idle", "sslmode")
    expression = f"[s.DATABASES['default']['OPTIONS'].get(n) for n in {names}]"
    url = "postgres://u:p@127.0.0.1:1/shop"
    assert show(expression, DATABASE_URL=url) == "[5, 30000, 10, None]"
    url += "?connect_timeout=2&sslmode=require"
    assert show(expression, DATABASE_URL=url) == "[2, 30000, 10, 'require']"
