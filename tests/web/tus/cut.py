"""A PATCH whose body comes bit by bit, and may end before its end."""

from __future__ import annotations

import socket
from uuid import UUID

import psutil

from tests.service import Service, wait_for
from tests.web.tus.uploading import CONTENT_TYPE
from tests.web.wire import write_head


def make_content(count_bytes: int) -> bytes:
    """Bytes that are different at every offset, so that none can be in another's place."""
    return b"".join(number.to_bytes(4, "big") for number in range(-(-count_bytes // 4)))


def write_patch(path: str, offset: int, length: int, **headers: str | int) -> bytes:
    """The head of a PATCH with a body of `length` bytes."""
    own = {"Tus_Resumable": "1.0.0", "Content_Type": CONTENT_TYPE, "Upload_Offset": offset}
    return write_head("PATCH", path, **own, Content_Length=length, **headers)


def begin_patch(
    service: Service, path: str, offset: int, body: bytes, length: int, **headers: str | int
) -> socket.socket:
    """Send the head of a PATCH with `length` bytes, and `body` of them; the open connection."""
    connection = service.connect()
    connection.sendall(write_patch(path, offset, length, **headers) + body)
    return connection


def find_kept_bytes(service: Service, path: str) -> int:
    """The size of the upload's file."""
    return find_file_size(service, find_row(service, path)["stored_name"])


def find_file_size(service: Service, stored_name: str) -> int:
    return (service.folder / "spool" / "store" / stored_name).stat().st_size


def read_kept(service: Service, path: str) -> bytes:
    """The bytes of the upload's file."""
    name = find_row(service, path)["stored_name"]
    return (service.folder / "spool" / "store" / name).read_bytes()


def find_row(service: Service, path: str) -> dict[str, str]:
    """What the database has of the upload."""
    names = ("stored_name", "holder", '"offset"', "digest_offset")
    [row] = service.query(
        f"SELECT {', '.join(names)} FROM processing_resumableupload WHERE id = ?",
        UUID(path.removeprefix("/uploads/")).hex,
    )
    return dict(zip([name.strip('"') for name in names], row, strict=True))


def wait_until_kept(service: Service, path: str, count_bytes: int) -> None:
    """Return when so many bytes are in the store."""
    wait_for(lambda: find_kept_bytes(service, path) >= count_bytes, 10, "the bytes did not arrive")


def wait_until_free(service: Service, path: str) -> None:
    """Return when nobody holds the upload."""
    wait_for(lambda: not find_row(service, path)["holder"], 10, "the upload is held")


def find_server(service: Service, connection: socket.socket) -> int:
    """The web process that serves the connection."""
    port = connection.getsockname()[1]
    for process in psutil.Process(service.process.pid).children():
        for other in process.net_connections("tcp"):
            if other.raddr and other.raddr.port == port:
                return process.pid
    return 0
