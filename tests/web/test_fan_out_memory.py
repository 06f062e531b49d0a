"""Many clients that ask for much at once: a real web process stays within its load line."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from processing.memory.status import read_held_bytes
from tests.conftest import StartService
from tests.web.megabyte import MIB, ask_for, serve_megabyte

CLIENT_COUNT = 16
#: All that they ask for together is 96 MiB.
URL_COUNT = 6
GROWTH_BYTES = 40 * MIB


def test_sixteen_clients_with_megabytes_each_take_forty_at_most(
    start_service: StartService,
) -> None:
    service = start_service()
    small = f"/get_external_data?url={service.base_url}/healthz"
    with (
        serve_megabyte() as url,
        service.client() as client,
        ThreadPoolExecutor(CLIENT_COUNT) as clients,
    ):
        assert client.get(small).json()["results"] == ["ok"]
        pid = service.worker.pid
        idle_bytes = most_bytes = read_held_bytes(pid)
        asking = [clients.submit(client.get, ask_for(url, URL_COUNT)) for _ in range(CLIENT_COUNT)]
        while not all(each.done() for each in asking):
            most_bytes = max(most_bytes, read_held_bytes(pid))
        answers = [each.result() for each in asking]
    served = [answer for answer in answers if answer.status_code == 200]
    assert {answer.status_code for answer in answers} <= {200, 503}
    assert len(served) >= CLIENT_COUNT // 2
    for answer in served:
        assert [len(text) for text in answer.json()["results"]] == [MIB] * URL_COUNT
    assert most_bytes - idle_bytes < GROWTH_BYTES
