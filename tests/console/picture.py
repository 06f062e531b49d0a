"""Takes docs/console.png: real uploads of the real page, one done, one on its way, one paused.

.venv/bin/python -m tests.console.picture
"""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from playwright.sync_api import expect

from processing.memory.units import MIB
from tests.browser import run_browser
from tests.console.conftest import SETTINGS
from tests.console.visit import Visit
from tests.service import DEFAULTS, ROOT, make_environment, run_cluster, run_manage, run_service

PICTURE = ROOT / "docs" / "console.png"


def main() -> None:
    with tempfile.TemporaryDirectory() as name, run_browser() as browser:
        folder = Path(name)
        database = folder / "migrated.sqlite3"
        env = make_environment(**DEFAULTS, DATABASE_URL=f"sqlite:///{database}")
        assert run_manage("migrate", "-v0", env=env).returncode == 0
        # The processors of the tests are not for show.
        given = SETTINGS | {"PROCESSOR_MODULES": ""}
        with (
            run_service(folder, database, **given) as service,
            run_cluster(service),
            Visit.begin(browser, service) as visit,
        ):
            take_picture(visit, folder)


def take_picture(visit: Visit, folder: Path) -> None:
    page = visit.page
    page.set_viewport_size({"width": 900, "height": 1010})
    page.goto("/")
    expect(page.locator("#readiness")).to_have_attribute("data-state", "ok", timeout=15_000)
    done = make_file(folder / "orders-2026.csv", 6)
    visit.choose(done, processor="csv_profile")
    visit.expect_state(done.name, "succeeded")
    visit.slow_down(6 * MIB)
    paused = make_file(folder / "measurements.bin", 64)
    visit.choose(paused, processor="gzip")
    figures = visit.card(paused.name).locator(".figures")
    expect(figures).to_have_text(re.compile(r"^1\d\.\d MB of"))
    visit.card(paused.name).get_by_role("button", name="Pause").click()
    running = make_file(folder / "backup.tar", 48)
    visit.choose(running, processor="sha256")
    figures = visit.card(running.name).locator(".figures")
    expect(figures).to_have_text(re.compile(r"^(2[4-9])\.\d MB of .* left"))
    page.mouse.move(0, 0)
    page.screenshot(path=PICTURE)


def make_file(path: Path, size_mb: int) -> Path:
    line = b"1042,2026-11-27,Aarhus,18.50\n"
    path.write_bytes(b"order,day,port,amount\n" + line * (size_mb * MIB // len(line)))
    return path


if __name__ == "__main__":
    main()
