"""What is looked at of botocore's environment before botocore reads it."""

from __future__ import annotations

import os

import pytest

from processing.memory.sizes import BUCKET_CLIENT_BYTES
from project.aws import prepare_for_bucket
from project.environment import Environment
from tests.service import DEFAULTS, make_environment, run_manage

NAMES = (
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_ENDPOINT_URL",
    "AWS_ENDPOINT_URL_S3",
)


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without any of them, put back at the end."""
    for name in NAMES:
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return monkeypatch


def find_problems() -> list[str]:
    env = Environment()
    assert prepare_for_bucket(env) == BUCKET_CLIENT_BYTES
    return env.problems


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b"},
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:9000", "AWS_ENDPOINT_URL_S3": "https://s3.test"},
    ],
)
def test_what_botocore_takes_is_no_problem(
    given: pytest.MonkeyPatch, values: dict[str, str]
) -> None:
    for name, value in values.items():
        given.setenv(name, value)
    assert find_problems() == []


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"])
@pytest.mark.parametrize("value", ["minio:9000", "s3.test", "http://", "https://u:p@s3.test"])
def test_an_endpoint_that_is_no_url_is_named(
    given: pytest.MonkeyPatch, name: str, value: str
) -> None:
    given.setenv(name, value)
    [problem] = find_problems()
    assert problem.startswith(f"{name}=")
    assert "must be an http:// or https:// URL" in problem
    assert "u:p" not in problem


@pytest.mark.parametrize("name", ["AWS_REGION", "AWS_DEFAULT_REGION"])
def test_a_region_that_is_no_word_is_named(given: pytest.MonkeyPatch, name: str) -> None:
    given.setenv(name, "eu west")
    assert find_problems() == [
        f"{name}='eu west' makes no sense; it must be a region, such as eu-west-1"
    ]


@pytest.mark.parametrize("name", ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"])
def test_half_of_the_credentials_is_a_problem(given: pytest.MonkeyPatch, name: str) -> None:
    given.setenv(name, "half")
    [problem] = find_problems()
    assert "only one of them is set" in problem


def test_the_region_may_have_either_name(given: pytest.MonkeyPatch) -> None:
    given.setenv("AWS_REGION", "eu-west-1")
    assert find_problems() == []
    assert os.environ["AWS_DEFAULT_REGION"] == "eu-west-1"


def test_a_start_is_stopped_by_it_where_the_store_is_a_bucket_and_by_nothing_else() -> None:
    broken = {**DEFAULTS, "AWS_ENDPOINT_URL": "minio:9000"}
    for url, is_good in (("file:", True), ("s3://files", False)):
        env = make_environment(**broken, UPLOAD_STORAGE_URL=url)
        done = run_manage("check", env=env)
        assert (done.returncode == 0) is is_good, done.stderr
        assert ("AWS_ENDPOINT_URL='minio:9000' makes no sense" in done.stderr) is not is_good
