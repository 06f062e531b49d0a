"""The rules between settings, one id a test."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.core.checks import CheckMessage, Error, Warning
from django.test import override_settings

from processing import checks
from processing.memory.units import MIB
from processing.processors.declaration import Processor
from tests.queue.cluster.in_hand import make_plan

TOKEN = "a-token-of-16-ch"

Check = Callable[..., list[CheckMessage]]


def do_nothing(job: Any, data: Any) -> None:
    """Takes what a processor takes."""


def run(check: Check, **given: Any) -> list[CheckMessage]:
    with override_settings(**given):
        return check()


def expect_one(messages: list[CheckMessage], message_id: str, *named: str) -> None:
    """One message of that id, which says what is wrong and what would do."""
    [message] = messages
    assert message.id == message_id
    assert isinstance(message, Error if ".E" in message_id else Warning)
    assert message.hint
    for text in named:
        assert text in message.msg + message.hint


def test_e001_somebody_must_be_let_in() -> None:
    check = checks.check_access_is_decided
    nobody = {"API_TOKENS": [], "API_ALLOW_ANONYMOUS": False}
    for debug in (False, True):
        messages = run(check, **nobody, DEBUG=debug)
        expect_one(messages, "plimsoll.E001", "API_TOKENS", "API_ALLOW_ANONYMOUS=1")
    assert run(check, **nobody | {"API_TOKENS": [TOKEN]}) == []
    assert run(check, **nobody | {"API_ALLOW_ANONYMOUS": True}) == []


@pytest.mark.parametrize("token", ["a-token-of-15-c", "short:operate", "12345678:operate"])
def test_w001_a_short_token_can_be_guessed(token: str) -> None:
    messages = run(checks.check_tokens_are_long, API_TOKENS=[TOKEN, token])
    expect_one(messages, "plimsoll.W001", "API_TOKENS", "16 characters")


@pytest.mark.parametrize("tokens", [[], [TOKEN], [TOKEN, TOKEN + ":operate"]])
def test_w001_is_silent_about_long_tokens(tokens: list[str]) -> None:
    assert run(checks.check_tokens_are_long, API_TOKENS=tokens) == []


def test_w002_a_processor_asks_for_more_than_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    check, plan = checks.check_memory_limits_can_be_had, make_plan()
    most_mb = plan.most_task_bytes // MIB
    known = [
        Processor(name=name, function=do_nothing, accepts="json", memory_limit_mb=megabytes)
        for name, megabytes in (("huge", most_mb + 1), ("large", most_mb), ("usual", None))
    ]
    monkeypatch.setattr(checks, "known_processors", lambda: known)
    expect_one(run(check, WORKER_PLAN=plan), "plimsoll.W002", "'huge'", "plan_memory")
    monkeypatch.setattr(checks, "known_processors", lambda: known[1:])
    assert run(check, WORKER_PLAN=plan) == []


def test_e002_a_host_must_be_named() -> None:
    check = checks.check_hosts_are_named
    expect_one(run(check, ALLOWED_HOSTS=[], DEBUG=False), "plimsoll.E002", "ALLOWED_HOSTS")
    assert run(check, ALLOWED_HOSTS=["*"], DEBUG=False) == []
    assert run(check, ALLOWED_HOSTS=[], DEBUG=True) == []


def test_e003_two_of_the_largest_answers_must_fit_the_budget() -> None:
    given = {"FANOUT_MAX_RESPONSE_BYTES": 100}
    messages = run(checks.check_budgets_fit, **given, FANOUT_BUDGET_BYTES=199)
    expect_one(messages, "plimsoll.E003", "FANOUT_BUDGET_BYTES (199)", "200 bytes")
    assert run(checks.check_budgets_fit, **given, FANOUT_BUDGET_BYTES=200) == []


def test_e004_the_largest_body_must_fit_its_budget() -> None:
    check = checks.check_budgets_fit
    messages = run(check, PROCESS_DATA_MAX_BYTES=100, PROCESS_DATA_BUDGET_BYTES=299)
    expect_one(messages, "plimsoll.E004", "PROCESS_DATA_BUDGET_BYTES", "PROCESS_DATA_MAX_BYTES")
    assert run(check, PROCESS_DATA_MAX_BYTES=100, PROCESS_DATA_BUDGET_BYTES=300) == []


def test_e005_a_result_goes_with_its_job_at_the_latest() -> None:
    check = checks.check_results_end_before_jobs
    messages = run(check, RESULT_EXPIRES_SECONDS=11, JOB_EXPIRES_SECONDS=10)
    expect_one(messages, "plimsoll.E005", "RESULT_EXPIRES_SECONDS", "JOB_EXPIRES_SECONDS")
    assert run(check, RESULT_EXPIRES_SECONDS=10, JOB_EXPIRES_SECONDS=10) == []


@pytest.mark.parametrize("entry", ["http://a.example", "a.example:80", "a.example/x", "*.a", "a b"])
def test_e006_an_allowed_host_is_a_name(entry: str) -> None:
    messages = run(checks.check_allowed_hosts_are_names, EXTERNAL_ALLOWED_HOSTS=["ok", entry])
    expect_one(messages, "plimsoll.E006", repr(entry), "EXTERNAL_ALLOWED_HOSTS")


@pytest.mark.parametrize("entry", ["*", "a.example", ".a.example", "127.0.0.1", "::1", "[::1]"])
def test_e006_is_silent_about_names(entry: str) -> None:
    assert run(checks.check_allowed_hosts_are_names, EXTERNAL_ALLOWED_HOSTS=[entry]) == []


@pytest.mark.parametrize(
    ("urls", "named"),
    [
        (["https://example.com/", "https://exa mple.com/"], "whitespace"),
        (["https://0x7f.1/"], "has a host"),
        (["https://example.com:0/"], "port"),
        ([f"https://example.com/{number}" for number in range(51)], "FANOUT_MAX_URLS"),
    ],
)
def test_e007_configured_urls_must_do_as_those_of_a_request(urls: list[str], named: str) -> None:
    messages = run(checks.check_configured_urls_can_be_asked, EXTERNAL_URLS=urls)
    expect_one(messages, "plimsoll.E007", "EXTERNAL_URLS", named)


def test_e007_is_silent_about_urls_that_do() -> None:
    check = checks.check_configured_urls_can_be_asked
    assert run(check, EXTERNAL_URLS=[]) == []
    assert run(check, EXTERNAL_URLS=["https://example.com/a?b", "http://[2001:db8::1]:81/"]) == []
