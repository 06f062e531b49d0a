"""What is refused for load is refused at the creation; what was created may be completed."""

from __future__ import annotations

from contextlib import ExitStack

import httpx

from tests.conftest import StartService
from tests.service import wait_for
from tests.web.problem import check_problem
from tests.web.tus.cut import begin_patch, find_row, wait_until_free
from tests.web.tus.uploading import create, find_offset, head, patch, post


def check_refusal(response: httpx.Response, code: str) -> None:
    check_problem(response, 503, code)
    assert int(response.headers["Retry-After"]) > 0
    assert "Location" not in response.headers


def test_no_more_uploads_run_than_may(start_service: StartService) -> None:
    service = start_service(UPLOAD_MAX_CONCURRENT="2")
    with service.client() as client, ExitStack() as held:
        paths = [create(client, Upload_Length="1000") for _ in range(3)]
        for path in paths[:2]:
            held.enter_context(begin_patch(service, path, 0, b"x" * 10, 1000))
        for path in paths[:2]:
            wait_for(lambda key=path: find_row(service, key)["holder"], 5, "it was not begun")
        check_refusal(post(client, Upload_Length="1000"), "uploads_busy")
        check_refusal(patch(client, paths[2], 0, b"x"), "uploads_busy")
        assert find_offset(client, paths[2]) == 0
        assert find_offset(client, paths[0]) == 10  # its client has a second connection for that
        assert patch(client, paths[2], 0, b"x").status_code == 204
        held.close()
        for path in paths:
            wait_until_free(service, path)
        assert post(client, Upload_Length="1000").status_code == 201


def test_no_more_uploads_are_begun_than_may_be_unfinished(start_service: StartService) -> None:
    service = start_service(UPLOAD_MAX_UNFINISHED="2")
    with service.client() as client:
        path = create(client, Upload_Length="5")
        part = create(client, Upload_Length="5", Upload_Concat="partial")

        def is_refused() -> bool:
            return post(client, Upload_Length="5").status_code == 503

        check_refusal(post(client, Upload_Length="5"), "uploads_busy")
        check_refusal(post(client, b"hello", Upload_Length="5"), "uploads_busy")
        assert patch(client, path, 0, b"hello").status_code == 204
        wait_for(lambda: not is_refused(), 5, "a finished upload still counts")
        wait_for(is_refused, 5, "an unfinished upload does not count")
        assert patch(client, part, 0, b"hello").status_code == 204
        assert is_refused(), "a part counts until its final is there"
        assert post(client, Upload_Concat=f"final;{part}").status_code == 201
        wait_for(lambda: not is_refused(), 5, "a part with its final still counts")


def test_a_full_queue_takes_what_was_created_before(start_service: StartService) -> None:
    service = start_service(QUEUE_MAX_JOBS="3")
    with service.client() as client:
        paths = [create(client, Upload_Length="5") for _ in range(2)]
        part = create(client, Upload_Length="5", Upload_Concat="partial")
        check_refusal(post(client, Upload_Length="5"), "queue_full")  # what was begun has its place
        for path in paths:
            response = patch(client, path, 0, b"hello")
            assert response.headers["Job-Location"].startswith("/jobs/")
        assert patch(client, part, 0, b"hello").status_code == 204
        assert post(client, Upload_Concat=f"final;{part}").status_code == 201
        # The queue is counted once a second.
        wait_for(lambda: post(client, Upload_Length="5").status_code == 503, 5, "it is not full")
        check_refusal(post(client, Upload_Length="5"), "queue_full")
        check_refusal(post(client, b"hello", Upload_Length="5"), "queue_full")


def test_the_queue_must_have_room_for_the_whole_length(start_service: StartService) -> None:
    service = start_service(QUEUE_MAX_BYTES="1000")
    with service.client() as client:
        check_refusal(post(client, Upload_Length="1001"), "queue_full")
        assert post(client, Upload_Length="1000").status_code == 201


def test_a_disk_without_room_is_told(start_service: StartService) -> None:
    service = start_service(UPLOAD_MIN_FREE_BYTES=str(10**18))
    with service.client() as client:
        check_problem(post(client, Upload_Length="5"), 507, "disk_full")
    assert service.query("SELECT id FROM processing_resumableupload") == []


def test_a_length_that_was_deferred_needs_room_when_it_is_told(
    start_service: StartService,
) -> None:
    service = start_service(UPLOAD_MAX_TOTAL_BYTES="1000000")
    with service.client() as client:
        path = create(client, Upload_Defer_Length="1")
        assert patch(client, path, 0, b"hello").status_code == 204
        refused = patch(client, path, 5, b" world", Upload_Length="2000000")
        check_problem(refused, 507, "disk_full")
        assert find_offset(client, path) == 5
        assert "Upload-Length" not in head(client, path).headers
        assert patch(client, path, 5, b" world", Upload_Length="600000").status_code == 204
        check_problem(post(client, Upload_Length="600000"), 507, "disk_full")
        assert patch(client, path, 11, b"x" * 599_989, Upload_Length="600000").is_success
