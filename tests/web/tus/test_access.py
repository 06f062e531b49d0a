"""Who may work on an upload: whoever made it, and operators."""

from __future__ import annotations

import httpx
import pytest

from tests.service import OPERATOR_TOKEN, OTHER_TOKEN, OWNER_TOKEN, Service
from tests.web.problem import check_problem
from tests.web.tus.uploading import TUS, create, head, patch, post


@pytest.mark.parametrize("token", [OTHER_TOKEN, None])
def test_to_others_there_is_no_such_upload(service: Service, token: str | None) -> None:
    with service.client(OWNER_TOKEN) as owner, service.client(token) as other:
        path = create(owner, Upload_Length="5", Upload_Concat="partial")
        assert head(other, path).status_code == 404
        check_problem(patch(other, path, 0, b"hello"), 404, "no_such_upload")
        check_problem(other.delete(path, headers=TUS), 404, "no_such_upload")
        assert patch(owner, path, 0, b"hello").status_code == 204
        response = post(other, Upload_Concat=f"final;{path}")
        check_problem(response, 404, "no_such_upload")
        assert post(owner, Upload_Concat=f"final;{path}").status_code == 201


def test_an_operator_may_and_the_job_stays_its_callers(service: Service) -> None:
    with service.client(OWNER_TOKEN) as owner, service.client(OPERATOR_TOKEN) as operator:
        path = create(owner, Upload_Length="5")
        assert head(operator, path).status_code == 200
        job_location = patch(operator, path, 0, b"hello").headers["Job-Location"]
        assert owner.get(job_location).status_code == 200


def test_it_needs_a_token_like_the_rest_of_the_api(client: httpx.Client) -> None:
    bad = {"Authorization": "Bearer nobody"}
    for method, path in [("OPTIONS", "/uploads/"), ("POST", "/uploads/"), ("PATCH", "/uploads/x")]:
        response = client.request(method, path, headers={**TUS, **bad})
        check_problem(response, 401, "unauthorized")
        assert response.headers["Tus-Resumable"] == "1.0.0"
    foreign = {**TUS, "Origin": "https://evil.example"}
    check_problem(client.post("/uploads/", headers=foreign), 403, "cross_origin")
