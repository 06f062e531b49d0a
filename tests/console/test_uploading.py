"""Uploads through the page, from the choice of a file to the result's link."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from processing.memory.units import MIB
from tests.conftest import StartService
from tests.console.conftest import SETTINGS
from tests.console.visit import DONE_MILLISECONDS, Visit


@pytest.fixture
def large(tmp_path: Path) -> Path:
    path = tmp_path / "large ü.bin"
    path.write_bytes(os.urandom(20 * MIB))
    return path


def test_a_file_of_20_mb_goes_up_with_progress_and_leads_to_its_result(
    visit: Visit, page: Page, large: Path
) -> None:
    visit.slow_down(16 * MIB)
    visit.choose(large)
    card = visit.card(large.name)
    expect(card.get_by_text(re.compile(r"MB of 20\.0 MB · .* MB/s · \d+ s left"))).to_be_visible()
    visit.expect_state(large.name, "succeeded")
    link = card.get_by_role("link", name="Download the result")
    answer = page.request.get(link.get_attribute("href") or "")
    digest = hashlib.sha256(large.read_bytes()).hexdigest()
    assert answer.json()["sha256"] == digest
    expect(card).to_contain_text(digest)
    [(filename, size)] = visit.service.query(
        "SELECT filename, size_bytes FROM processing_upload ORDER BY created_at DESC LIMIT 1"
    )
    assert (filename, size) == (large.name, 20 * MIB)
    assert page.evaluate("localStorage.length") == 0
    assert visit.refusals == []


def test_several_files_go_up_three_at_a_time(visit: Visit, tmp_path: Path) -> None:
    files = [tmp_path / f"part {index}.txt" for index in range(5)]
    for file in files:
        file.write_bytes(b"x" * MIB)
    visit.slow_down(2 * MIB)
    visit.choose(*files, processor="upper")
    expect(visit.page.locator("[data-state=uploading]")).to_have_count(3)
    expect(visit.page.locator("[data-state=waiting]")).to_have_count(2)
    visit.slow_down(0)
    for file in files:
        visit.expect_state(file.name, "succeeded")


def test_files_that_are_dropped_are_taken_and_one_is_not_taken_twice(
    visit: Visit, page: Page
) -> None:
    drop = """() => {
      const data = new DataTransfer();
      data.items.add(new File(["abc"], "dropped.txt", { lastModified: 1 }));
      const event = new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true });
      document.getElementById("drop").dispatchEvent(event);
    }"""
    page.evaluate(drop)
    visit.expect_state("dropped.txt", "succeeded")
    page.evaluate(drop)
    expect(page.get_by_role("alert")).to_have_text("dropped.txt is on the page already.")
    expect(page.get_by_role("listitem")).to_have_count(1)


def test_an_empty_file_is_uploaded_too(visit: Visit, tmp_path: Path) -> None:
    empty = tmp_path / "empty.txt"
    empty.touch()
    visit.choose(empty)
    visit.expect_state("empty.txt", "succeeded")


def test_a_job_that_fails_says_why(visit: Visit, tmp_path: Path) -> None:
    file = tmp_path / "poor.txt"
    file.write_text("x")
    visit.choose(file, processor="writes_then_raises")
    visit.expect_state("poor.txt", "failed")
    card = visit.card("poor.txt")
    expect(card.get_by_text("task_error: ")).to_contain_text("in the middle")
    expect(card.get_by_role("link", name="Download the result")).to_have_count(0)


@pytest.mark.usefixtures("large")
def test_a_file_that_is_too_large_is_refused_with_the_reason(
    browser: Browser, start_service: StartService, large: Path
) -> None:
    service = start_service(**SETTINGS, UPLOAD_MAX_BYTES=str(MIB))
    with Visit.begin(browser, service) as visit:
        visit.page.goto("/")
        expect(visit.page.get_by_text("Up to 1.0")).to_be_visible()
        visit.choose(large)
        visit.expect_state(large.name, "stopped")
        expect(visit.card(large.name)).to_contain_text("UPLOAD_MAX_BYTES")
        assert service.find_spooled() == []


def test_a_refusal_that_passes_is_waited_out(
    browser: Browser, start_service: StartService, tmp_path: Path
) -> None:
    service = start_service(**SETTINGS, QUEUE_MAX_JOBS="1")
    file = tmp_path / "later.txt"
    file.write_text("x")
    with service.client() as client, Visit.begin(browser, service) as visit:
        while (answer := client.post("/process_data", json=1)).status_code == 202:
            pass
        assert answer.json()["code"] == "queue_full"
        visit.page.goto("/")
        visit.choose(file)
        message = visit.card("later.txt").get_by_text(re.compile(r"Trying again in 1\d s"))
        expect(message).to_contain_text(answer.json()["detail"][:20])
        while queued := client.get("/jobs/?state=queued&limit=200").json()["jobs"]:
            for job in queued:
                client.post(f"/jobs/{job['id']}/cancel")
        visit.expect_state("later.txt", "queued")


def test_a_stream_of_events_that_is_refused_is_made_up_for_by_asking(
    visit: Visit, page: Page, tmp_path: Path
) -> None:
    file = tmp_path / "asked.txt"
    file.write_text("x")
    page.route("**/events", lambda route: route.fulfill(status=503))
    visit.choose(file)
    visit.expect_state("asked.txt", "succeeded")


def test_the_line_at_the_top_tells_how_the_service_does(visit: Visit) -> None:
    line = visit.page.get_by_role("status").first
    expect(line).to_have_attribute("data-state", "ok", timeout=DONE_MILLISECONDS)
    expect(line).to_have_text("Ready")
    expect(visit.page.get_by_role("link", name="Admin")).to_have_attribute("href", "/admin/")
