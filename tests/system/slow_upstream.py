"""An upstream in a thread of its own: a slow page, a failing, a large and a too large one."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SLOW_SECONDS = 0.3
PAGES = {
    "/slow": (200, b"slow at last"),
    "/failing": (500, b"broken"),
    "/large": (200, b"x" * 1_000_000),
    "/toolarge": (200, b"x" * 50_000_000),
}


class Pages(BaseHTTPRequestHandler):
    """Answers from PAGES."""

    def do_GET(self) -> None:
        status, body = PAGES[self.path]
        if self.path == "/slow":
            time.sleep(SLOW_SECONDS)
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        with suppress(ConnectionError):  # a client that has had enough
            self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        """Say nothing: the test's output is for what fails."""


@contextmanager
def serve_pages() -> Iterator[str]:
    """Serve while the block runs; gives the base URL."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Pages) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
