"""The requirements are all that is needed, pinned, and nothing more is installed with them."""

from __future__ import annotations

import re
import sys
from importlib.metadata import distribution, packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.layout.sources import find_imports, read_sources

ROOT = Path(__file__).resolve().parents[2]
OURS = {"project", "processing"}
#: Is there for type checkers alone.
NEVER_LOADED = {"_typeshed"}
FILES = ["requirements.txt", "requirements-tasks.txt", "requirements-plot.txt"]
FILES += ["requirements-dev.txt"]
#: What only this folder may import, and says so where it is missing.
OPTIONAL = {"django_tasks": "processing/queue/tasks_backend", "matplotlib": "processing/dyno"}


def read_pins(name: str) -> dict[str, Requirement]:
    """The requirements of a file and of those it includes, by canonical name."""
    pins: dict[str, Requirement] = {}
    for line in (ROOT / name).read_text().splitlines():
        if line.startswith("-r "):
            pins |= read_pins(line.removeprefix("-r "))
        elif line and not line.startswith("#"):
            pins[canonicalize_name(Requirement(line).name)] = Requirement(line)
    return pins


def find_needs(pin: Requirement) -> set[str]:
    """What the installed distribution asks for here, with the extras that the pin names."""
    needs = [Requirement(line) for line in distribution(pin.name).requires or []]
    return {
        canonicalize_name(need.name)
        for need in needs
        if need.marker is None
        or any(need.marker.evaluate({"extra": extra}) for extra in pin.extras | {""})
    }


@pytest.mark.parametrize("name", FILES)
def test_every_line_is_pinned(name: str) -> None:
    loose = [str(pin) for pin in read_pins(name).values() if not re.match("==", str(pin.specifier))]
    assert not loose, f"pin with ==: {loose}"


@pytest.mark.parametrize("name", FILES)
def test_what_the_packages_need_is_pinned_too(name: str) -> None:
    pins = read_pins(name)
    missing = {need: pin.name for pin in pins.values() for need in find_needs(pin) - pins.keys()}
    assert not missing, f"not pinned, but needed by: {missing}"


def test_the_tests_run_with_the_pinned_versions() -> None:
    pins = read_pins("requirements-dev.txt").values()
    others = [str(pin) for pin in pins if distribution(pin.name).version not in pin.specifier]
    assert not others, f"this Python has other versions than: {others}"


def test_every_package_that_the_code_imports_is_a_requirement_of_its_own() -> None:
    direct = (ROOT / "requirements.txt").read_text().partition("# theirs")[0]
    names = {canonicalize_name(name) for name in re.findall(r"^([\w-]+)", direct, re.MULTILINE)}
    homes = packages_distributions()
    missing = {
        imported.line: package
        for source in read_sources(ROOT)
        if source.path.parts[0] in OURS | {"manage.py"}
        for imported in find_imports(source)
        for package in [imported.name.split(".")[0]]
        if package not in OURS | NEVER_LOADED | sys.stdlib_module_names
        if not names & {canonicalize_name(home) for home in homes.get(package, [])}
        if not (package in OPTIONAL and source.is_under(OPTIONAL[package]))
    }
    assert not missing, f"put into the first block of requirements.txt: {missing}"
