"""A hold that could not be renewed in time, and that nobody has taken over."""

from __future__ import annotations

import hashlib

from tests.conftest import StartService
from tests.web.tus.cut import begin_patch, make_content, wait_until_free, wait_until_kept
from tests.web.tus.test_checksum import make_checksum
from tests.web.tus.test_patch import find_sha256
from tests.web.tus.uploading import create, find_offset, patch
from tests.web.wire import read_answer

CONTENT = make_content(600_000)


def test_what_no_checksum_vouches_for_is_not_kept(start_service: StartService) -> None:
    service = start_service(PROCESSOR_MODULES="tests.web.tus.lapsed_module")
    with service.client() as client:
        path = create(client, Upload_Length=str(len(CONTENT)))
        wrong = b"x" * 500_000
        meant = {"Upload_Checksum": make_checksum(CONTENT)}
        with begin_patch(service, path, 0, wrong, len(CONTENT), **meant) as connection:
            wait_until_kept(service, path, 256 * 1024)
            assert read_answer(connection, "PATCH").status == 423
        wait_until_free(service, path)
        assert find_offset(client, path) == 0
        response = patch(client, path, 0, CONTENT, Upload_Checksum=make_checksum(CONTENT))
        assert find_sha256(service, response.headers["Job-Location"]) == make_sha256(CONTENT)


def make_sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
