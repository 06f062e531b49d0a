"""A service that speaks S3, in a process of its own on this machine: moto's server."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx

from tests.service import find_free_port, make_environment, run_process, wait_for

START_SECONDS = 30.0
#: A part that is not the last one has so many at least; 5 MiB at Amazon, too many for fast tests.
LEAST_PART_BYTES = 128 * 1024


@dataclass(frozen=True, kw_only=True)
class S3Server:
    """Where it is, and what a process needs to know to use it."""

    port: int
    environment: dict[str, str]

    def make_client(self) -> Any:
        """A client of the test's own, beside the store's."""
        return boto3.client(
            "s3",
            endpoint_url=self.environment["AWS_ENDPOINT_URL"],
            region_name=self.environment["AWS_REGION"],
            aws_access_key_id=self.environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=self.environment["AWS_SECRET_ACCESS_KEY"],
        )

    def make_bucket(self) -> str:
        """The name of a new, empty bucket."""
        name = f"test-{uuid.uuid4().hex}"
        self.make_client().create_bucket(Bucket=name)
        return name


@contextmanager
def run_s3_server(folder: Path) -> Iterator[S3Server]:
    """The server, its log in `folder`; what it keeps ends with it."""
    port = find_free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    env = make_environment(S3_UPLOAD_PART_MIN_SIZE=str(LEAST_PART_BYTES))
    with run_process(command, env=env, log=folder / "s3.log"):
        server = S3Server(port=port, environment=make_s3_environment(port))
        wait_for(lambda: is_up(port), START_SECONDS, "the S3 server did not start")
        yield server


def make_s3_environment(port: int) -> dict[str, str]:
    """The credentials are no secrets: any will do."""
    return {
        "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
    }


def is_up(port: int) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(f"http://127.0.0.1:{port}/moto-api/").status_code == httpx.codes.OK
    return False
