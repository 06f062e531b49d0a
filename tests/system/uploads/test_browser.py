"""Unmodified clients in a browser, on a page of the same origin, over the same broken line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser import run_browser
from tests.system.uploads.broken_line import METADATA, RETRY_DELAYS_MS, check_upload
from tests.system.uploads.cutting_proxy import Page
from tests.system.uploads.node_clients import SOURCES, bundle_page, make_program_folder
from tests.system.uploads.web import Web

UPLOAD_SECONDS = 90


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with run_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Page]:
    program = bundle_page(make_program_folder(tmp_path_factory.mktemp("page")))
    return {
        "/page/": Page(content=(SOURCES / "page.html").read_bytes()),
        "/page/page.js": Page(content=program, media_type="text/javascript"),
    }


@pytest.mark.parametrize(
    ("seed", "start", "options"),
    [
        pytest.param(61, "startTus", {}, id="tus-js-client"),
        pytest.param(62, "startTus", {"parallelUploads": 3}, id="tus-js-client in parallel"),
        pytest.param(63, "startUppy", {}, id="Uppy"),
    ],
)
def test_a_file_arrives_whole(
    web: Web,
    large_file: Path,
    browser: Browser,
    pages: dict[str, Page],
    seed: int,
    start: str,
    options: dict[str, Any],
) -> None:
    def upload(base_url: str, path: Path) -> str:
        with browser.new_page() as page:
            page.goto(f"{base_url}/page/")
            page.set_input_files("input", path)
            given = {"metadata": METADATA, "retryDelays": RETRY_DELAYS_MS, **options}
            page.evaluate(
                f"options => {start}(options)", given | {"endpoint": f"{base_url}/uploads/"}
            )
            page.wait_for_function("() => outcome", timeout=UPLOAD_SECONDS * 1000)
            outcome = page.evaluate("() => outcome")
        assert "url" in outcome, outcome
        return str(outcome["url"])

    check_upload(web, large_file, upload, seed=seed, pages=pages)
