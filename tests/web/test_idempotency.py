"""Idempotency-Key: one job for one key of one caller, however often and fast it is sent."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.service import OTHER_TOKEN, OWNER_TOKEN, Service, bearer
from tests.web.problem import check_problem

SENDERS = 20


def post(
    client: httpx.Client, key: str, value: object = 1, token: str = OWNER_TOKEN, query: str = ""
) -> httpx.Response:
    headers = {"Idempotency-Key": key} | bearer(token)
    return client.post(f"/process_data{query}", json=value, headers=headers)


def count_jobs(service: Service, key: str) -> int:
    sql = "SELECT COUNT(*) FROM processing_job WHERE idempotency_key = ?"
    [(count,)] = service.query(sql, key)
    return int(count)


def test_the_same_key_again_gives_the_same_answer(service: Service, client: httpx.Client) -> None:
    first, second = post(client, "again"), post(client, "again")
    assert first.status_code == second.status_code == 202
    assert first.json() == second.json()
    assert first.headers["Location"] == second.headers["Location"]
    assert count_jobs(service, "again") == 1


def test_twenty_at_once_with_one_key_make_one_job(service: Service, client: httpx.Client) -> None:
    with ThreadPoolExecutor(SENDERS) as threads:
        answers = list(threads.map(lambda _: post(client, "race"), range(SENDERS)))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.text for answer in answers}) == 1
    assert count_jobs(service, "race") == 1
    [(payloads,)] = service.query(
        "SELECT COUNT(*) FROM processing_jobpayload p JOIN processing_job j ON j.id = p.job_id"
        " WHERE j.idempotency_key = 'race'"
    )
    assert payloads == 1


def test_the_key_with_another_body_is_a_mismatch(client: httpx.Client) -> None:
    post(client, "body", 1)
    check_problem(post(client, "body", 2), 422, "idempotency_mismatch")


def test_the_key_with_another_processor_is_a_mismatch(client: httpx.Client) -> None:
    post(client, "processor")
    answer = post(client, "processor", query="?processor=summarize")
    check_problem(answer, 422, "idempotency_mismatch")


def test_the_key_of_another_caller_is_another_job(service: Service, client: httpx.Client) -> None:
    mine, theirs = post(client, "shared"), post(client, "shared", 2, token=OTHER_TOKEN)
    anonymous = client.post("/process_data", json=3, headers={"Idempotency-Key": "shared"})
    assert len({answer.json()["job_id"] for answer in (mine, theirs, anonymous)}) == 3
    assert count_jobs(service, "shared") == 3


def test_a_key_that_was_refused_can_be_used(client: httpx.Client) -> None:
    headers = {"Idempotency-Key": "refused", "Content-Type": "application/json"}
    assert client.post("/process_data", content="NaN", headers=headers).status_code == 400
    assert client.post("/process_data", content="1", headers=headers).status_code == 202


@pytest.mark.parametrize("key", ["k", "k" * 255, "with blanks and ü"])
def test_a_key_of_1_to_255_characters_is_taken(client: httpx.Client, key: str) -> None:
    headers = {b"Idempotency-Key": key.encode("latin-1")}
    assert client.post("/process_data", json=1, headers=headers).status_code == 202


@pytest.mark.parametrize("key", ["", "k" * 256, "a\tb"])
def test_another_key_is_refused(client: httpx.Client, key: str) -> None:
    response = client.post("/process_data", json=1, headers={"Idempotency-Key": key})
    assert "Idempotency-Key" in check_problem(response, 400, "bad_request")["detail"]
