"""Takes docs/memory.png: what a load on a machine of 512 MB has left in its database.

.venv/bin/python -m bench.load_line --systems plimsoll --seconds 900 --keep-files
.venv/bin/python -m tests.admin.picture var/bench/…/db.sqlite3
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import expect

from tests.admin.test_memory import CHART
from tests.browser import run_browser
from tests.console.visit import Visit
from tests.service import ROOT, run_manage, run_service

PICTURE = ROOT / "docs" / "memory.png"
NAME = PASSWORD = "admin"


def main() -> None:
    database = Path(sys.argv[1])
    with (
        tempfile.TemporaryDirectory() as name,
        run_browser() as browser,
        run_service(Path(name), database) as service,
        Visit.begin(browser, service) as visit,
    ):
        account = {"USERNAME": NAME, "PASSWORD": PASSWORD, "EMAIL": f"{NAME}@example.com"}
        given = {f"DJANGO_SUPERUSER_{key}": value for key, value in account.items()}
        made = run_manage("createsuperuser", "--noinput", env=service.env | given)
        assert made.returncode == 0, made
        take_picture(visit)


def take_picture(visit: Visit) -> None:
    page = visit.page
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(CHART)
    page.get_by_label("Username").fill(NAME)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    expect(page.locator("canvas").first).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=PICTURE, animations="disabled")


if __name__ == "__main__":
    main()
