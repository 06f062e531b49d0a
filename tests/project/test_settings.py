"""Settings in processes of their own: what stops a start, and how that is told."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.service import DEFAULTS, ROOT, find_free_port, make_environment, run_manage

BAD = {
    "DEBUG": "perhaps",
    "API_ALLOW_ANONYMOUS": "2",
    "SECURE_SSL_REDIRECT": "x",
    "PORT": "0",
    "WEB_CONCURRENCY": "0",
    "SHUTDOWN_GRACE_SECONDS": "-1",
    "LOG_LEVEL": "LOUD",
    "DATABASE_URL": "oracle://x",
    "MEMORY_QUOTA_MB": "512M",
    "PROCESS_DATA_MAX_BYTES": "0",
    "PROCESS_DATA_BUDGET_BYTES": "x",
    "QUEUE_URL": "redis://127.0.0.1/0",
    "QUEUE_MAX_JOBS": "-5",
    "QUEUE_MAX_BYTES": "1e9",
    "WORKER_SEATS": "0",
    "TASK_MEMORY_LIMIT_MB": "0",
    "DYNO_RAM": "512 MB",
    "TASK_TIMEOUT_SECONDS": "0",
    "TASK_MAX_ATTEMPTS": "0",
    "RESULT_EXPIRES_SECONDS": "never",
    "JOB_EXPIRES_SECONDS": "0",
    "UPLOAD_STORAGE_URL": "ftp://x",
    "UPLOAD_MAX_BYTES": "2GB",
    "UPLOAD_MAX_CONCURRENT": "0",
    "UPLOAD_MAX_UNFINISHED": "0",
    "UPLOAD_MIN_FREE_BYTES": "-1",
    "UPLOAD_EXPIRES_SECONDS": "0",
    "EXTERNAL_URLS": "not-a-url",
    "EXTERNAL_ALLOW_PRIVATE": "sure",
    "FANOUT_MAX_URLS": "0",
    "FANOUT_CONCURRENCY": "0",
    "FANOUT_MAX_RESPONSE_BYTES": "0",
    "FANOUT_BUDGET_BYTES": "0",
    "FANOUT_DEADLINE_SECONDS": "nan",
}
SHOW = "from django.conf import settings as s; print({})"


def check(**given: str) -> tuple[int, str]:
    """Exit code and error output of `manage.py check`."""
    done = run_manage("check", env=make_environment(**(DEFAULTS | given)))
    return done.returncode, done.stderr


def show(expression: str, **given: str) -> str:
    """What an expression of the settings `s` is, in a process with that environment."""
    done = run_manage(
        "shell", "-v0", "-c", SHOW.format(expression), env=make_environment(**(DEFAULTS | given))
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_all_bad_values_are_named_at_once_each_with_what_would_do() -> None:
    code, told = check(**BAD)
    assert code == 1
    assert "Traceback" not in told
    for name, value in BAD.items():
        assert f"{name}={value!r} makes no sense; it must be " in told


@pytest.mark.parametrize("name", ["DATABASE_URL", "PORT", "LOG_LEVEL", "FANOUT_DEADLINE_SECONDS"])
def test_one_bad_value_stops_the_start_in_one_line(name: str) -> None:
    code, told = check(**{name: BAD[name]})
    assert code == 1
    assert told.startswith(f"Plimsoll cannot start: {name}={BAD[name]!r} makes no sense; ")
    assert told.count("\n") == 1


def test_a_port_beyond_the_last_is_refused() -> None:
    code, told = check(PORT="65536")
    assert (code, "PORT=65536" in told) == (1, True)


def test_a_missing_secret_key_is_named() -> None:
    code, told = check(SECRET_KEY="")
    assert code == 1
    assert told == (
        "Plimsoll cannot start: "
        "SECRET_KEY is not set; it must be a long random text that stays the same\n"
    )


def test_neither_tokens_nor_anonymous_use_stops_the_start() -> None:
    code, told = check(API_TOKENS="", API_ALLOW_ANONYMOUS="0")
    assert code == 1
    assert "plimsoll.E001" in told
    assert "API_ALLOW_ANONYMOUS=1" in told


def test_the_defaults_pass() -> None:
    assert check() == (0, "")


def test_a_processor_module_that_is_not_there_stops_the_start() -> None:
    code, told = check(PROCESSOR_MODULES="no.such.module")
    assert code == 1
    assert "cannot import 'no.such.module', which PROCESSOR_MODULES lists" in told


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"QUEUE_MAX_JOBS": "many"}, "QUEUE_MAX_JOBS='many' makes no sense"),
        ({"SECRET_KEY": ""}, "SECRET_KEY is not set"),
        ({"API_TOKENS": "", "API_ALLOW_ANONYMOUS": "0"}, "plimsoll.E001"),
    ],
)
def test_gunicorn_does_not_start_and_says_why_without_a_traceback(
    given: dict[str, str], message: str
) -> None:
    code, told = start_gunicorn(**given)
    assert code != 0
    assert message in told
    assert told.startswith("Plimsoll cannot start:")
    assert "Traceback" not in told


def test_gunicorn_shows_where_a_processor_module_breaks() -> None:
    code, told = start_gunicorn(PROCESSOR_MODULES="no.such.module")
    assert code != 0
    assert "which PROCESSOR_MODULES lists" in told.splitlines()[-1]


def start_gunicorn(**given: str) -> tuple[int, str]:
    """Exit code and error output of a start that must fail."""
    env = make_environment(**(DEFAULTS | {"HOST": "127.0.0.1", "PORT": str(find_free_port())}))
    command = ["gunicorn", "-c", "python:project.gunicorn_conf", "project.asgi"]
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        env=env | given,
        capture_output=True,
        text=True,
        timeout=30,
    )
    return done.returncode, done.stderr


def test_heroku_changes_hosts_redirect_and_cookies() -> None:
    names = ("ALLOWED_HOSTS", "SECURE_SSL_REDIRECT", "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE")
    expression = "[" + ", ".join(f"s.{name}" for name in names) + "]"
    assert show(expression, DYNO="web.1", ALLOWED_HOSTS="") == "[['*'], True, True, True]"
    assert show(expression, DYNO="web.1") == (
        "[['127.0.0.1', 'localhost', 'plimsoll.test'], True, True, True]"
    )


def test_postgresql_keeps_its_connection_and_sqlite_its_write_lock() -> None:
    expression = (
        "[s.DATABASES['default'].get(k) for k in ('ENGINE', 'NAME', 'CONN_MAX_AGE')],"
        " s.DATABASES['default']['OPTIONS'].get('transaction_mode')"
    )
    url = "postgres://u:p@127.0.0.1:1/shop"
    assert show(expression, DATABASE_URL=url) == (
        "['django.db.backends.postgresql', 'shop', None] None"
    )
    assert show(expression, DATABASE_URL="sqlite:////tmp/x.sqlite3") == (
        "['django.db.backends.sqlite3', '/tmp/x.sqlite3', None] IMMEDIATE"
    )


def test_a_silent_name_server_is_given_up_soon_unless_the_environment_says_otherwise() -> None:
    expression = "__import__('os').environ['RES_OPTIONS']"
    assert show(expression) == "timeout:1 attempts:2"
    assert show(expression, RES_OPTIONS="ndots:2") == "ndots:2"
