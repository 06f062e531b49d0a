"""app.json, which Heroku reads, says nothing that the project does not know."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from project.procfile import read_procfile

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def app() -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((ROOT / "app.json").read_text())
    return loaded


def test_every_variable_is_one_that_the_settings_read(app: dict[str, Any]) -> None:
    settings = (ROOT / "project" / "settings.py").read_text()

    assert [name for name in app["env"] if f'"{name}"' not in settings] == []


def test_every_process_type_is_in_the_procfile(app: dict[str, Any]) -> None:
    assert app["formation"].keys() == read_procfile(ROOT / "Procfile").keys() - {"release"}


def test_the_scripts_can_be_run_as_they_are() -> None:
    scripts = [ROOT / ".ci" / "run", ROOT / "scripts" / "venv.sh"]

    assert [script.name for script in scripts if not os.access(script, os.X_OK)] == []
