"""What a web process holds while large pieces come in."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import psutil

from tests.conftest import StartService
from tests.service import Service
from tests.web.tus.cut import begin_patch
from tests.web.tus.uploading import create, find_offset
from tests.web.wire import read_answer

MIB = 1024 * 1024
PIECE_BYTES = 100 * MIB
PIECES = 3
#: Three pieces at three quarters of a megabyte, and what the allocator does with them.
MOST_MORE_BYTES = 12 * MIB


def send(service: Service, path: str) -> int:
    block = b"x" * MIB
    with begin_patch(service, path, 0, b"", PIECE_BYTES) as connection:
        for _ in range(PIECE_BYTES // MIB):
            connection.sendall(block)
        return read_answer(connection, "PATCH").status


def test_large_pieces_are_never_in_memory(start_service: StartService) -> None:
    service = start_service()
    worker = psutil.Process(service.worker.pid)
    with service.client() as client, ThreadPoolExecutor(PIECES) as threads:
        paths = [create(client, Upload_Length=str(2 * PIECE_BYTES)) for _ in range(PIECES)]
        find_offset(client, paths[0])
        before_bytes = worker.memory_full_info().uss
        sending = [threads.submit(send, service, path) for path in paths]
        most_bytes = before_bytes
        while not all(future.done() for future in sending):
            most_bytes = max(most_bytes, worker.memory_full_info().uss)
        assert {future.result() for future in sending} == {204}
        assert find_offset(client, paths[0]) == PIECE_BYTES
    assert most_bytes - before_bytes < MOST_MORE_BYTES
