"""As many requests as may be are served at once, wherever they go; the probes are served always."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from pytest_django import Settings

from processing.web import door as door_module
from processing.web.door import Door
from tests.web.in_process import Client
from tests.web.problem import check_document


@pytest.fixture
def door(monkeypatch: pytest.MonkeyPatch, settings: Settings, tmp_path: Path) -> Door:
    """A door that serves one request at once."""
    monkeypatch.setattr(door_module, "MAX_REQUESTS_IN_FLIGHT", 1)
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "a.js").write_text("a")
    return Door()


async def ask(door: Door, target: str) -> Client:
    client = Client()
    await client.get(door, target)
    return client


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("held", ["/static/a.js", "/admin/login/", "/"])
def test_one_too_many_is_refused_and_a_probe_is_not(door: Door, held: str) -> None:
    async def scenario() -> None:
        async with asyncio.timeout(10):
            holding = Client(takes=1)
            task = asyncio.create_task(holding.get(door, held))
            await holding.has_stopped.wait()
            for target in ("/static/a.js", "/admin/login/", "/", "/jobs/"):
                refused = await ask(door, target)
                assert refused.headers["retry-after"]
                content_type = refused.headers["content-type"]
                check_document(content_type, refused.body, 503, "memory_pressure")
            for probe in ("/healthz", "/readyz"):
                assert (await ask(door, probe)).status == 200
            holding.goes_on.set()
            await task
            assert (await ask(door, "/static/a.js")).status == 200

    asyncio.run(scenario())


def test_who_waits_for_a_probe_takes_nobody_elses_place(door: Door) -> None:
    async def scenario() -> None:
        async with asyncio.timeout(10):
            holding = Client(takes=1)
            task = asyncio.create_task(holding.get(door, "/healthz"))
            await holding.has_stopped.wait()
            assert (await ask(door, "/static/a.js")).status == 200
            holding.goes_on.set()
            await task

    asyncio.run(scenario())
