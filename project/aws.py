"""What botocore reads of the environment, looked at before it stumbles over it.

It reads more by itself, such as AWS_SESSION_TOKEN, AWS_PROFILE and AWS_CA_BUNDLE; docs/storage.md
tells what is usually set.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from processing.memory.sizes import BUCKET_CLIENT_BYTES
from project.environment import Environment

REGION = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")
ENDPOINT_WANTED = "an http:// or https:// URL of the service, without bucket or user information"


def prepare_for_bucket(env: Environment) -> int:
    """Keep a problem for what makes no sense, and give the region the name that botocore knows.

    Returns the memory to plan for, in bytes.
    """
    for name in ("AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        env.parsed(name, "", _parse_endpoint, ENDPOINT_WANTED)
    if bool(env.text("AWS_ACCESS_KEY_ID", "")) != bool(env.text("AWS_SECRET_ACCESS_KEY", "")):
        env.problems.append(
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY belong together, and only one of them is "
            "set; set both, or neither where the machine has a role"
        )
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION"):
        if region := env.parsed(name, "", _parse_region, "a region, such as eu-west-1"):
            env.set_default("AWS_DEFAULT_REGION", region)
    return BUCKET_CLIENT_BYTES


def _parse_region(raw: str) -> str:
    if raw and not REGION.fullmatch(raw):
        raise ValueError(raw)
    return raw


def _parse_endpoint(raw: str) -> str:
    parts = urlsplit(raw)
    if raw and (parts.scheme not in {"http", "https"} or not parts.hostname or "@" in parts.netloc):
        raise ValueError(raw)
    return raw
