"""Rules between settings; an error stops the start, a warning speaks."""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from processing.errors import InvalidURL, TooManyURLs
from processing.fanout.window import SURE_BODY_COUNT
from processing.memory.budget import JSON_BODY_COPIES
from processing.memory.plan import show
from processing.memory.units import MIB
from processing.processors.registry import known_processors

#: What `manage.py check --tag` and the worker call these.
TAG = "plimsoll"
#: And what the web alone looks at: it takes code that no worker loads.
WEB_TAG = "plimsoll_web"

HOST_PATTERN = re.compile(r"\*|\[?[0-9a-fA-F:]+\]?|\.?[\w-]+(\.[\w-]+)*")


@register(TAG)
def check_access_is_decided(**kwargs: Any) -> list[CheckMessage]:
    """Nobody can use the API, or everybody can: the operator must have said which."""
    if settings.API_TOKENS or settings.API_ALLOW_ANONYMOUS:
        return []
    return [
        Error(
            "Neither API_TOKENS nor API_ALLOW_ANONYMOUS is set.",
            hint="Set API_TOKENS to a comma-separated list of secrets, or API_ALLOW_ANONYMOUS=1.",
            id="plimsoll.E001",
        )
    ]


@register(TAG)
def check_tokens_are_long(**kwargs: Any) -> list[CheckMessage]:
    """A short token can be guessed."""
    if all(len(token.removesuffix(":operate")) >= 16 for token in settings.API_TOKENS):
        return []
    return [
        Warning(
            "A token in API_TOKENS has fewer than 16 characters.",
            hint="Make one with: python -c 'import secrets; print(secrets.token_urlsafe())'",
            id="plimsoll.W001",
        )
    ]


@register(TAG)
def check_memory_limits_can_be_had(**kwargs: Any) -> list[CheckMessage]:
    """A processor that asks for more than the machine has gets what there is."""
    most_bytes = settings.WORKER_PLAN.most_task_bytes
    return [
        Warning(
            f"The processor {processor.name!r} asks for memory_limit_mb="
            f"{processor.memory_limit_mb:g}; the most that a task can have here is "
            f"{show(most_bytes)}.",
            hint="That is its limit then. Lower it or WORKER_SEATS, or run the worker with a "
            "larger quota; manage.py plan_memory shows the arithmetic.",
            id="plimsoll.W002",
        )
        for processor in known_processors()
        if (processor.memory_limit_mb or 0) * MIB > most_bytes
    ]


@register(TAG)
def check_hosts_are_named(**kwargs: Any) -> list[CheckMessage]:
    """Without ALLOWED_HOSTS every request is refused."""
    if settings.ALLOWED_HOSTS or settings.DEBUG:
        return []
    return [
        Error(
            "ALLOWED_HOSTS is not set.",
            hint="Set it to the names that clients use, such as api.example.com.",
            id="plimsoll.E002",
        )
    ]


@register(TAG)
def check_allowed_hosts_are_names(**kwargs: Any) -> list[CheckMessage]:
    """An entry in any other form would match nothing, in silence."""
    wrong = [
        entry for entry in settings.EXTERNAL_ALLOWED_HOSTS if not HOST_PATTERN.fullmatch(entry)
    ]
    return [
        Error(
            f"EXTERNAL_ALLOWED_HOSTS has {entry!r}, which is not a host.",
            hint="Write api.example.com, .example.com (with its subdomains), or *.",
            id="plimsoll.E006",
        )
        for entry in wrong
    ]


@register(WEB_TAG)
def check_configured_urls_can_be_asked(**kwargs: Any) -> list[CheckMessage]:
    """What a request would be refused for is refused at the start."""
    from processing.fanout.targets import parse_targets  # with an HTTP client behind it

    try:
        parse_targets(settings.EXTERNAL_URLS)
    except (InvalidURL, TooManyURLs) as error:
        return [
            Error(
                f"EXTERNAL_URLS cannot be asked for: {error}",
                hint="They must do as ?url= of GET /get_external_data; write them as there.",
                id="plimsoll.E007",
            )
        ]
    return []


@register(TAG)
def check_budgets_fit(**kwargs: Any) -> list[CheckMessage]:
    """One request of the largest kind must fit the budget that it draws on."""
    fanout_bytes = SURE_BODY_COUNT * settings.FANOUT_MAX_RESPONSE_BYTES
    errors: list[CheckMessage] = []
    if fanout_bytes > settings.FANOUT_BUDGET_BYTES:
        errors.append(
            Error(
                f"{SURE_BODY_COUNT} x FANOUT_MAX_RESPONSE_BYTES is {fanout_bytes} bytes, more than "
                f"FANOUT_BUDGET_BYTES ({settings.FANOUT_BUDGET_BYTES}).",
                hint="Raise FANOUT_BUDGET_BYTES or lower FANOUT_MAX_RESPONSE_BYTES.",
                id="plimsoll.E003",
            )
        )
    if JSON_BODY_COPIES * settings.PROCESS_DATA_MAX_BYTES > settings.PROCESS_DATA_BUDGET_BYTES:
        errors.append(
            Error(
                f"PROCESS_DATA_BUDGET_BYTES is below {JSON_BODY_COPIES} x PROCESS_DATA_MAX_BYTES.",
                hint="Raise PROCESS_DATA_BUDGET_BYTES or lower PROCESS_DATA_MAX_BYTES.",
                id="plimsoll.E004",
            )
        )
    return errors


@register(TAG)
def check_results_end_before_jobs(**kwargs: Any) -> list[CheckMessage]:
    """An expired result answers 410 only as long as its job is known."""
    if settings.RESULT_EXPIRES_SECONDS <= settings.JOB_EXPIRES_SECONDS:
        return []
    return [
        Error(
            "RESULT_EXPIRES_SECONDS is longer than JOB_EXPIRES_SECONDS.",
            hint="A result goes with its job at the latest; raise JOB_EXPIRES_SECONDS.",
            id="plimsoll.E005",
        )
    ]
