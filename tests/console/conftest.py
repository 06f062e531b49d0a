"""A real browser at the real service, with its worker."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import run_browser
from tests.console.visit import Visit
from tests.service import Service, run_cluster, run_manage, run_service

USER, PASSWORD = "admin", "a password of the test"
SETTINGS = {"DJANGO_SETTINGS_MODULE": "tests.console.settings"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One for each file."""
    with run_browser() as browser:
        yield browser


@pytest.fixture(scope="module")
def console(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Web and worker, for anybody."""
    folder = tmp_path_factory.mktemp("console")
    with run_service(folder, migrated_database, **SETTINGS) as service, run_cluster(service):
        yield service


@pytest.fixture(scope="module")
def guarded(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Web and worker, for tokens and for one member of staff."""
    folder = tmp_path_factory.mktemp("guarded")
    given = SETTINGS | {"API_ALLOW_ANONYMOUS": "0"}
    with run_service(folder, migrated_database, **given) as service, run_cluster(service):
        env = service.env | {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}
        names = ("--username", USER, "--email", "")
        done = run_manage("createsuperuser", "--noinput", *names, env=env)
        assert done.returncode == 0, done.stderr
        yield service


@pytest.fixture
def visit(browser: Browser, console: Service) -> Iterator[Visit]:
    """Somebody who has opened the console; whatever they do, the page makes no fault."""
    with Visit.begin(browser, console) as visit:
        visit.page.goto("/")
        yield visit


@pytest.fixture
def page(visit: Visit) -> Page:
    return visit.page
