"""A server on this machine whose every answer is a megabyte."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MIB = 1024 * 1024


class Megabyte(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(MIB))
        self.end_headers()
        self.wfile.write(b"x" * MIB)

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has left before the end."""


def ask_for(url: str, count: int) -> str:
    """The path that asks for so many of them, each by a URL of its own."""
    return "/get_external_data?" + "&".join(f"url={url}%3F{number}" for number in range(count))


@contextmanager
def serve_megabyte(tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """Serve; gives the URL."""
    with Server(("127.0.0.1", 0), Megabyte) as server:
        if tls:
            server.socket = tls.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"{'https' if tls else 'http'}://localhost:{server.server_port}/"
        server.shutdown()
        thread.join()
