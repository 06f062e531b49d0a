"""Whether the local service can have its port, asked before anything is started."""

from __future__ import annotations

import errno
import socket
import sys
from contextlib import suppress

LAST_PORT = 65_535
#: Ports tried for the one to suggest.
SEARCH_COUNT = 100


def parse_port(text: str) -> int:
    """The TCP port in `text`; anything else ends the program with a message."""
    with suppress(ValueError):
        if 1 <= (port := int(text)) <= LAST_PORT:
            return port
    sys.exit(f"PORT={text!r} makes no sense; it must be a TCP port, 1 to {LAST_PORT}, such as 8000")


def check_port(host: str, port: int) -> None:
    """End the program, naming a port that is free, where another one listens already."""
    if is_free(host, port):
        return
    above = range(port + 1, min(port + SEARCH_COUNT, LAST_PORT) + 1)
    usual = range(8000, 8000 + SEARCH_COUNT)
    free = next((other for other in (*above, *usual) if is_free(host, other)), None)
    remedy = f"try PORT={free} make run" if free else "stop the other program first"
    sys.exit(f"port {port} is in use; {remedy}")


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now, tried the way gunicorn does it."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host.strip("[]"), port))
            listener.listen(1)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            sys.exit(f"cannot listen on HOST={host} PORT={port}: {error.strerror}")
    return True
