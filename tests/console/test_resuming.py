"""An upload that stops and goes on: by the person's will, over a reload, over a cut."""

from __future__ import annotations

import hashlib
import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, expect

from processing.memory.units import MIB
from tests.console.visit import DONE_MILLISECONDS, Visit

SIZE = 40 * MIB
NAME = "long.bin"


@pytest.fixture
def long(tmp_path: Path) -> Path:
    path = tmp_path / NAME
    path.write_bytes(os.urandom(SIZE))
    return path


@pytest.fixture
def offsets(page: Page) -> list[int]:
    """Where each piece that the page sent began."""
    sent: list[int] = []

    def note(request: Request) -> None:
        if request.method == "PATCH":
            sent.append(int(request.headers["upload-offset"]))

    page.on("request", note)
    return sent


def begin(visit: Visit, file: Path) -> None:
    """Return when the first pieces are with the service and the last are not."""
    visit.slow_down(16 * MIB)
    visit.choose(file)
    figures = visit.card(file.name).locator(".figures")
    expect(figures).to_have_text(re.compile(r"^(9|1\d)\.\d MB of 40\.0 MB"))


def check_result(visit: Visit, file: Path) -> None:
    visit.expect_state(file.name, "succeeded")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    expect(visit.card(file.name)).to_contain_text(digest)


def test_a_pause_stops_it_and_it_goes_on_where_it_was(
    visit: Visit, long: Path, offsets: list[int]
) -> None:
    begin(visit, long)
    card = visit.card(NAME)
    card.get_by_role("button", name="Pause").click()
    visit.expect_state(NAME, "paused")
    expect(card.locator(".figures")).to_have_text(re.compile(r"^\d+\.\d MB of 40\.0 MB$"))
    sent = len(offsets)
    visit.slow_down(0)
    card.get_by_role("button", name="Resume").click()
    check_result(visit, long)
    assert offsets[sent] > 0
    assert offsets == sorted(offsets)


def test_after_a_reload_it_is_listed_and_goes_on_from_its_offset(
    visit: Visit, page: Page, long: Path, offsets: list[int]
) -> None:
    begin(visit, long)
    page.reload()
    before = len(offsets)
    section = page.get_by_role("region", name="Unfinished")
    expect(section).to_contain_text(NAME)
    expect(section.locator(".figures")).to_have_text(re.compile(r"\d+\.\d MB of 40\.0 MB"))
    page.get_by_label(f"Choose {NAME} again").set_input_files(str(long))
    check_result(visit, long)
    assert offsets[before] >= 8 * MIB
    expect(section).to_be_hidden()


def test_a_second_tab_leaves_alone_what_the_first_one_uploads(
    visit: Visit, page: Page, long: Path, offsets: list[int]
) -> None:
    begin(visit, long)
    second = page.context.new_page()
    asked: list[str] = []
    second.on("request", lambda request: asked.append(request.method))
    second.goto("/")
    expect(second.get_by_role("status").first).to_have_attribute("data-state", "ok")
    expect(second.get_by_role("region", name="Unfinished")).to_be_hidden()
    assert set(asked) == {"GET"}, "a HEAD would end the request that brings bytes"
    check_result(visit, long)
    second.reload()
    expect(second.get_by_role("region", name="Unfinished")).to_be_hidden()
    assert offsets == sorted(set(offsets))
    second.close()


def test_a_file_that_is_dropped_again_after_a_reload_goes_on_too(
    visit: Visit, page: Page, long: Path, offsets: list[int]
) -> None:
    begin(visit, long)
    page.reload()
    before = len(offsets)
    visit.choose(long, processor="upper")  # it was begun for another one, and stays with that
    check_result(visit, long)
    assert offsets[before] >= 8 * MIB


def test_another_file_is_not_taken_for_it(
    visit: Visit, page: Page, long: Path, tmp_path: Path
) -> None:
    begin(visit, long)
    page.reload()
    other = tmp_path / "other" / NAME
    other.parent.mkdir()
    other.write_bytes(b"x")
    page.get_by_label(f"Choose {NAME} again").set_input_files(str(other))
    expect(page.get_by_role("alert")).to_contain_text("is another file")
    page.get_by_role("button", name=f"Discard {NAME}").click()
    expect(page.get_by_role("region", name="Unfinished")).to_be_hidden()
    assert page.evaluate("localStorage.length") == 0


def test_a_cancelled_upload_is_forgotten_by_the_service(
    visit: Visit, page: Page, long: Path
) -> None:
    begin(visit, long)
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as deleted:
        visit.card(NAME).get_by_role("button", name="Cancel").click()
    assert deleted.value.status == 204
    expect(visit.card(NAME)).to_have_count(0)
    path = deleted.value.url
    assert page.request.fetch(path, method="HEAD").status in (404, 410, 412)
    assert page.evaluate("localStorage.length") == 0


def test_an_upload_that_the_service_has_forgotten_begins_anew(
    visit: Visit, page: Page, long: Path, offsets: list[int]
) -> None:
    begin(visit, long)
    visit.card(NAME).get_by_role("button", name="Pause").click()
    entry = page.evaluate("JSON.parse(localStorage.getItem(localStorage.key(0)))")
    headers = {"Tus-Resumable": "1.0.0"}
    assert page.request.delete(entry["url"], headers=headers).status == 204
    visit.slow_down(0)
    sent = len(offsets)
    visit.card(NAME).get_by_role("button", name="Resume").click()
    check_result(visit, long)
    assert offsets[sent] == 0


def test_a_network_that_is_away_is_waited_out(visit: Visit, long: Path) -> None:
    begin(visit, long)
    visit.cut_off()
    expect(visit.card(NAME)).to_contain_text("The service does not answer. Trying again in")
    visit.slow_down(16 * MIB)
    expect(visit.card(NAME)).not_to_contain_text("Trying again", timeout=DONE_MILLISECONDS)
    expect(visit.card(NAME)).to_have_attribute("data-state", "uploading")
    check_result(visit, long)


def test_a_web_process_that_is_killed_costs_moments(
    visit: Visit, long: Path, offsets: list[int]
) -> None:
    begin(visit, long)
    sent = len(offsets)
    visit.service.worker.kill()
    check_result(visit, long)
    assert min(offsets[sent:]) >= 8 * MIB


def test_a_file_that_can_no_longer_be_read_is_said_to_be(visit: Visit, long: Path) -> None:
    begin(visit, long)
    visit.card(NAME).get_by_role("button", name="Pause").click()
    long.unlink()
    visit.card(NAME).get_by_role("button", name="Resume").click()
    visit.expect_state(NAME, "stopped")
    expect(visit.card(NAME)).to_contain_text("The file cannot be read any more")
