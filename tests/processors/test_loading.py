from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import processing
from processing.processors import get_processor, known_processors, load_processors

BUILT_IN = {"csv_profile", "echo", "gzip", "sha256", "summarize", "upper"}


@pytest.fixture
def write_module(tmp_path, monkeypatch):
    """Write a module that can be imported during the test."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(name: str, text: str) -> str:
        (tmp_path / f"{name}.py").write_text(text)
        monkeypatch.delitem(sys.modules, name, raising=False)
        return name

    return write


def test_the_built_in_processors_are_always_loaded():
    load_processors()

    assert {known.name for known in known_processors()} >= BUILT_IN


def test_loading_twice_changes_nothing():
    load_processors()
    before = known_processors()
    load_processors()

    assert known_processors() == before


@pytest.mark.usefixtures("empty_registry")
def test_a_listed_module_is_imported(write_module):
    module = write_module(
        "listed_processors",
        "from processing.processors import processor\n"
        "@processor('shout')\n"
        "def shout(job, data):\n"
        "    return data.upper()\n",
    )

    load_processors([module])

    assert get_processor("shout").function(None, "ahoy") == "AHOY"


def test_a_module_that_is_missing_is_named_with_its_setting():
    with pytest.raises(ImportError, match=r"'no_such_module', which PROCESSOR_MODULES lists: Mod"):
        load_processors(["no_such_module"])


def test_a_module_that_fails_is_named_with_the_reason(write_module):
    module = write_module(
        "badly_declared",
        "from processing.processors import processor\n"
        "@processor('Bad Name')\n"
        "def name_badly(job, data): ...\n",
    )

    with pytest.raises(ImportError, match=r"'badly_declared'.*ValueError: .*'Bad Name'") as caught:
        load_processors([module])
    assert isinstance(caught.value.__cause__, ValueError)


def test_the_room_needs_no_django():
    program = (
        "import sys; from processing.processors import load_processors; load_processors();"
        "sys.exit(any(name.split('.')[0] in ('django', 'django_q') for name in sys.modules))"
    )
    project = Path(processing.__file__).parents[1]

    assert subprocess.run([sys.executable, "-c", program], cwd=project, check=False).returncode == 0
