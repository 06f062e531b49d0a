"""Unmodified clients upload through a line that breaks, to a web that is killed meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from tusclient.client import TusClient

from tests.system.uploads.broken_line import METADATA, RETRY_DELAYS_MS, check_upload
from tests.system.uploads.node_clients import (
    make_program_folder,
    upload_by_node,
    upload_by_uppy,
)
from tests.system.uploads.web import Web

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_program_folder(tmp_path_factory.mktemp("node"))


def upload_by_tuspy(base_url: str, path: Path, **options: Any) -> str:
    client = TusClient(f"{base_url}/uploads/")
    given = {"metadata": METADATA, "retries": 40, "retry_delay": 0.5, **options}
    with path.open("rb") as file:
        uploader = client.uploader(file_stream=file, **given)
        uploader.upload()
    return str(uploader.url)


def test_tuspy_sends_it_in_one_request(web: Web, large_file: Path) -> None:
    check_upload(web, large_file, upload_by_tuspy, seed=11)


def test_tuspy_sends_it_in_chunks_with_checksums(web: Web, large_file: Path) -> None:
    def upload(base_url: str, path: Path) -> str:
        return upload_by_tuspy(base_url, path, chunk_size=8 * MIB, upload_checksum=True)

    check_upload(web, large_file, upload, seed=12)


@pytest.mark.parametrize(
    ("seed", "options"),
    [
        pytest.param(21, {}, id="as it comes"),
        pytest.param(22, {"parallelUploads": 4}, id="parallel"),
        pytest.param(
            23,
            {"uploadDataDuringCreation": True, "chunkSize": 8 * MIB},
            id="with the creation",
        ),
        pytest.param(
            24,
            {"uploadLengthDeferred": True, "chunkSize": 8 * MIB, "source": "stream"},
            id="of unknown length",
        ),
        pytest.param(25, {"overridePatchMethod": True}, id="without PATCH"),
    ],
)
def test_tus_js_client_in_node(
    web: Web, large_file: Path, programs: Path, seed: int, options: dict[str, Any]
) -> None:
    def upload(base_url: str, path: Path) -> str:
        given = {"metadata": METADATA, "retryDelays": RETRY_DELAYS_MS, **options}
        return upload_by_node(programs, f"{base_url}/uploads/", path, **given)["url"]

    check_upload(web, large_file, upload, seed=seed)


def test_uppy_in_node(web: Web, large_file: Path, programs: Path) -> None:
    def upload(base_url: str, path: Path) -> str:
        given = {"metadata": METADATA, "retryDelays": RETRY_DELAYS_MS}
        return upload_by_uppy(programs, f"{base_url}/uploads/", path, **given)

    check_upload(web, large_file, upload, seed=31)
