"""Whoever it is: signed in or not, with a keyboard alone, in the light and in the dark."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.console.conftest import PASSWORD, USER
from tests.console.visit import Visit
from tests.service import Service

#: WCAG 2.2 asks for this between a text and what is behind it.
LEAST_CONTRAST = 4.5
SCHEMES = ("light", "dark")
CONTRASTS = (Path(__file__).parent / "contrasts.js").read_text()


@pytest.fixture
def small(tmp_path: Path) -> Path:
    path = tmp_path / "small.txt"
    path.write_text("abc")
    return path


def sign_in(page: Page) -> None:
    page.goto("/")
    page.wait_for_url("**/admin/login/?next=/")
    page.locator("[name=username]").fill(USER)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url("**/")


def test_who_is_not_known_signs_in_and_uploads_with_the_session(
    browser: Browser, guarded: Service, small: Path
) -> None:
    context = browser.new_context(base_url=guarded.base_url)
    sign_in(context.new_page())
    state = context.storage_state()
    context.close()
    with Visit.begin(browser, guarded) as visit:
        visit.page.context.add_cookies(state["cookies"])  # the admin's page has scripts of its own
        visit.page.goto("/")
        visit.choose(small)
        visit.expect_state("small.txt", "succeeded")
        [(caller,)] = guarded.query("SELECT caller FROM processing_job WHERE upload_id IS NOT NULL")
        assert caller == "user:1"


def test_who_is_signed_out_is_told_and_goes_on_after_a_login(
    browser: Browser, guarded: Service, small: Path
) -> None:
    context = browser.new_context(base_url=guarded.base_url)
    page = context.new_page()
    sign_in(page)
    cookies = context.cookies()
    context.clear_cookies()
    visit = Visit(page, guarded)
    visit.choose(small)
    visit.expect_state("small.txt", "stopped")
    expect(visit.card("small.txt")).to_contain_text("You are signed out. Sign in")
    context.add_cookies(cookies)  # as a login in another tab would
    visit.card("small.txt").get_by_role("button", name="Try again").click()
    visit.expect_state("small.txt", "succeeded")
    assert visit.faults == []
    context.close()


def test_all_of_it_works_with_the_keyboard_alone(visit: Visit, page: Page, small: Path) -> None:
    def press_until(label: str) -> None:
        for _ in range(20):
            page.keyboard.press("Tab")
            named = "document.activeElement.getAttribute('aria-label') ?? "
            if label in page.evaluate(
                named + "(document.activeElement.labels?.[0] ?? document.activeElement).textContent"
            ):
                return
        pytest.fail(f"Tab never leads to {label}")

    press_until("Process with")
    page.keyboard.type("sha")
    press_until("Choose files")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files(str(small))
    visit.expect_state("small.txt", "succeeded")
    expect(page.locator("#announcements")).to_have_text("small.txt: succeeded")
    press_until("Download the result")
    with page.expect_download() as download:
        page.keyboard.press("Enter")
    assert "sha256" in json.loads(Path(download.value.path()).read_text())
    press_until("Dismiss small.txt")
    page.keyboard.press("Enter")
    expect(visit.card("small.txt")).to_have_count(0)
    expect(page.get_by_label("Choose files")).to_be_focused()


@pytest.mark.parametrize("scheme", SCHEMES)
def test_every_text_stands_out_from_what_is_behind_it(
    visit: Visit, page: Page, small: Path, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)
    visit.choose(small)
    visit.expect_state("small.txt", "succeeded")
    visit.choose(small, processor="writes_then_raises")
    expect(page.locator("[data-state=failed].card")).to_be_visible()
    contrasts = page.evaluate(CONTRASTS)
    assert len(contrasts) > 15
    assert {text: ratio for text, ratio in contrasts if ratio < LEAST_CONTRAST} == {}


def test_a_narrow_screen_needs_no_scrolling_to_the_side(
    visit: Visit, page: Page, tmp_path: Path
) -> None:
    page.set_viewport_size({"width": 320, "height": 640})
    long = tmp_path / f"{'a_very_long_name' * 8}.txt"
    long.write_text("x")
    visit.choose(long)
    visit.expect_state(long.name, "succeeded")
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
