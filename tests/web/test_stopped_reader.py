"""A real client that asks for much and reads nothing: its connection and its budget come back."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import psutil
import pytest

from processing.fanout.window import SURE_BODY_COUNT
from processing.memory.status import read_held_bytes
from processing.web.sending import SEND_STALL_SECONDS
from tests.conftest import StartService
from tests.service import Service, wait_for
from tests.web.megabyte import MIB, ask_for, serve_megabyte
from tests.web.problem import check_problem
from tests.web.wire import write_head

#: More than the buffers of two kernels' sockets take.
URL_COUNT = 12
BUDGET_BYTES = 16 * MIB
#: What the service may take beside its bodies: connections, tasks, pieces on their way.
OVERHEAD_BYTES = 12 * MIB


@pytest.fixture
def upstream() -> Iterator[str]:
    """The URL of a megabyte."""
    with serve_megabyte() as url:
        yield url


def is_connected(service: Service, client: socket.socket) -> bool:
    port = client.getsockname()[1]
    connections: list[psutil._common.pconn] = service.worker.net_connections("tcp")
    return port in {connection.raddr.port for connection in connections if connection.raddr}


def test_what_a_client_that_does_not_read_holds_comes_back(
    start_service: StartService, upstream: str
) -> None:
    service = start_service(FANOUT_BUDGET_BYTES=str(SURE_BODY_COUNT * MIB))
    with service.client() as client, service.connect() as stopped:
        stopped.sendall(write_head("GET", ask_for(upstream, URL_COUNT)))
        stopped.recv(1)
        stopped_at = time.monotonic()
        small = f"/get_external_data?url={service.base_url}/healthz"
        check_problem(client.get(small), 503, "memory_pressure")
        wait_for(
            lambda: not is_connected(service, stopped),
            SEND_STALL_SECONDS + 10,
            "the connection was kept",
        )
        assert time.monotonic() - stopped_at > SEND_STALL_SECONDS - 5
        assert client.get(small).json()["results"] == ["ok"]
    wait_for(lambda: "GET /get_external_data 200" in service.log, 5, "it was not logged")
    assert "ERROR" not in service.log


@pytest.mark.parametrize("media_type", ["application/json", "application/x-ndjson"])
def test_fifty_megabytes_for_a_client_that_does_not_read_stay_where_they_are(
    start_service: StartService, upstream: str, media_type: str
) -> None:
    service = start_service(FANOUT_BUDGET_BYTES=str(BUDGET_BYTES))
    small = f"/get_external_data?url={service.base_url}/healthz"
    with service.client() as client, service.connect() as stopped:
        assert client.get(small).json()["results"] == ["ok"]
        pid = service.worker.pid
        idle_bytes = read_held_bytes(pid)
        stopped.sendall(write_head("GET", ask_for(upstream, 50), Accept=media_type))
        wait_for(
            lambda: read_held_bytes(pid) > idle_bytes + BUDGET_BYTES // 2, 10, "nothing was held"
        )
        growths = []
        for _ in range(20):  # more than it takes to fetch all fifty
            assert client.get(small).json()["results"] == ["ok"]
            growths.append(read_held_bytes(pid) - idle_bytes)
        assert max(growths) < BUDGET_BYTES + OVERHEAD_BYTES
