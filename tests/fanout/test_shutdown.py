"""The client is closed in whatever way its loop ends."""

from __future__ import annotations

import asyncio
import signal

from processing.fanout.client import Client, get_client
from tests.conftest import StartService


def test_cancelling_every_task_closes_the_client() -> None:
    async def use() -> Client:
        return await get_client()

    loop = asyncio.new_event_loop()
    client = loop.run_until_complete(use())
    pending = asyncio.all_tasks(loop)
    assert pending, "no task holds the client"
    for task in pending:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
    loop.close()
    assert client.session.closed


def test_a_server_that_stops_after_a_fan_out_leaves_nothing_open(
    start_service: StartService,
) -> None:
    service = start_service()
    with service.client() as client:
        response = client.get("/get_external_data", params={"url": f"{service.base_url}/healthz"})
        assert response.json()["results"] == ["ok"]
    service.process.send_signal(signal.SIGTERM)
    assert service.process.wait(20) == 0
    assert "GET /get_external_data 200" in service.log
    assert "Unclosed" not in service.log
    assert "ERROR" not in service.log
