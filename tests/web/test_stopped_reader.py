"""A real client that asks for much and reads nothing: its connection and its budget come back."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psutil
import pytest

from processing.web.sending import SEND_STALL_SECONDS
from tests.conftest import StartService
from tests.service import Service, wait_for
from tests.web.problem import check_problem
from tests.web.wire import write_head

MIB = 1024 * 1024
#: More than the buffers of two kernels' sockets take.
URL_COUNT = 12
GIVEN = {"FANOUT_MAX_URLS": str(URL_COUNT), "FANOUT_BUDGET_BYTES": str(URL_COUNT * MIB)}


class Megabyte(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(MIB))
        self.end_headers()
        self.wfile.write(b"x" * MIB)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def upstream() -> Iterator[str]:
    """The URL of a megabyte."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Megabyte) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()
        thread.join()


def is_connected(service: Service, client: socket.socket) -> bool:
    port = client.getsockname()[1]
    connections: list[psutil._common.pconn] = service.worker.net_connections("tcp")
    return port in {connection.raddr.port for connection in connections if connection.raddr}


def test_what_a_client_that_does_not_read_holds_comes_back(
    start_service: StartService, upstream: str
) -> None:
    service = start_service(**GIVEN)
    query = "&".join([f"url={upstream}"] * URL_COUNT)
    with service.client() as client, service.connect() as stopped:
        stopped.sendall(write_head("GET", f"/get_external_data?{query}"))
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
