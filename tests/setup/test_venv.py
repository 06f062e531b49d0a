"""scripts/venv.sh: built once, whole or not at all, and a clear word where that cannot be."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.setup.terminal import open_terminal

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "venv.sh"
BUILD_SECONDS = 180

NO_VENV = """#!/bin/sh
if [ "$1" = -m ] && [ "$2" = venv ]; then echo "No module named venv" >&2; exit 1; fi
exec '{python}' "$@"
"""
NO_ENSUREPIP = """#!/bin/sh
case "$*" in *ensurepip*) echo "No module named 'ensurepip'" >&2; exit 1;; esac
exec '{python}' "$@"
"""
TOO_OLD = """#!/bin/sh
case "$2" in *print*) echo 3.9;; *) exit 1;; esac
"""
BROKEN = """#!/bin/sh
echo "version 3.11 is not installed" >&2
exit 127
"""


@dataclass(frozen=True, kw_only=True)
class Checkout:
    """A folder with the script and requirements that need no package, so that builds are short."""

    folder: Path

    def build(
        self, file: str = "requirements.txt", python: str = sys.executable
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.folder / "scripts" / "venv.sh", file],
            env={**os.environ, "PYTHON": python},
            capture_output=True,
            text=True,
            timeout=BUILD_SECONDS,
        )

    def write(self, path: str, text: str, mode: int = 0o644) -> Path:
        written = self.folder / path
        written.write_text(text)
        written.chmod(mode)
        return written

    def list_names(self) -> set[str]:
        return {path.name for path in self.folder.iterdir()}

    def identify_venv(self) -> int:
        """Another number after it was built again."""
        return (self.folder / ".venv" / "pyvenv.cfg").stat().st_ino


def make_checkout(folder: Path) -> Checkout:
    (folder / "scripts").mkdir(parents=True)
    shutil.copy(SCRIPT, folder / "scripts")
    checkout = Checkout(folder=folder)
    checkout.write("requirements.txt", "# nothing\n")
    checkout.write("requirements-dev.txt", "# nothing more\n-r requirements.txt\n")
    return checkout


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return make_checkout(tmp_path / "a folder")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """One that has its .venv, made for development."""
    built = make_checkout(tmp_path_factory.mktemp("shared") / "a folder")
    done = built.build("requirements-dev.txt")
    assert done.returncode == 0, done.stderr
    return built


@pytest.fixture
def built(shared: Checkout) -> Iterator[Checkout]:
    text = (shared.folder / "requirements.txt").read_text()
    yield shared
    shared.write("requirements.txt", text)


@pytest.mark.parametrize("fake", [NO_VENV, NO_ENSUREPIP])
def test_a_python_without_venv_gets_one_line_with_the_remedy_and_nothing_is_left(
    checkout: Checkout, fake: str
) -> None:
    before = checkout.list_names()
    python = checkout.write("scripts/python", fake.format(python=sys.executable), 0o755)

    done = checkout.build(python=str(python))

    assert done.returncode == 1
    assert "apt install python3-venv" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert checkout.list_names() == before


@pytest.mark.parametrize(
    ("fake", "reason"), [(TOO_OLD, "is 3.9"), (BROKEN, "does not run")], ids=["old", "broken"]
)
def test_a_python_that_will_not_do_is_refused_before_anything_else(
    checkout: Checkout, fake: str, reason: str
) -> None:
    before = checkout.list_names()
    python = checkout.write("scripts/python", fake, 0o755)

    done = checkout.build(python=str(python))

    assert done.returncode == 1
    assert done.stdout == ""
    last = done.stderr.splitlines()[-1]
    assert last.startswith("Plimsoll needs Python 3.11 or newer")
    assert reason in last
    assert "PYTHON=" in last
    assert checkout.list_names() == before


def test_its_programs_run_from_a_folder_with_a_space_in_its_name(built: Checkout) -> None:
    pip = built.folder / ".venv" / "bin" / "pip"
    done = subprocess.run([pip, "--version"], capture_output=True, text=True, timeout=30)

    assert str(built.folder / ".venv" / "lib") in done.stdout
    assert b".venv.building" not in pip.read_bytes()
    assert ".venv.building" not in (built.folder / ".venv" / "pyvenv.cfg").read_text()
    assert ".venv.building" not in built.list_names()


@pytest.mark.parametrize("file", ["requirements-dev.txt", "requirements.txt"])
def test_it_is_not_built_again_while_requirements_stay(built: Checkout, file: str) -> None:
    before = built.identify_venv()

    done = built.build(file)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert built.identify_venv() == before


def test_when_pip_fails_its_reason_is_shown_and_the_old_one_stays(built: Checkout) -> None:
    before, names = built.identify_venv(), built.list_names()
    built.write("requirements.txt", "--no-index\nnowhere-to-be-found==1\n")

    done = built.build()

    assert done.returncode == 1
    assert "nowhere-to-be-found" in done.stderr
    assert done.stderr.endswith("pip could not install requirements.txt: its reason is above\n")
    assert (built.identify_venv(), built.list_names()) == (before, names)
    assert ".venv.building" not in names


def test_ctrl_c_leaves_nothing_and_the_old_one_stays(built: Checkout, tmp_path: Path) -> None:
    before, names = built.identify_venv(), built.list_names()
    with ExitStack() as stack:
        silent = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/"
        built.write("requirements.txt", f"--index-url {url}\nnowhere-to-be-found==1\n")
        terminal = stack.enter_context(
            open_terminal(
                [built.folder / "scripts" / "venv.sh", "requirements.txt"],
                folder=built.folder,
                env={**os.environ, "PYTHON": sys.executable, "no_proxy": "*"},
                printed=tmp_path / "printed",
            )
        )
        silent.settimeout(BUILD_SECONDS)
        stack.enter_context(silent.accept()[0])  # pip asks, and waits for an answer
        assert ".venv.building" in built.list_names()

        terminal.press_ctrl_c()

        assert terminal.wait_for_exit() == 130
        assert terminal.find_processes() == []
    assert (built.identify_venv(), built.list_names()) == (before, names)
    assert ".venv.building" not in names


def test_it_is_built_again_when_its_folder_was_moved(built: Checkout, tmp_path: Path) -> None:
    moved = Checkout(folder=tmp_path / "moved")
    shutil.copytree(built.folder, moved.folder, symlinks=True)

    done = moved.build()

    assert done.returncode == 0
    assert "building .venv" in done.stdout
    assert f"{moved.folder}/.venv/bin/python" in (moved.folder / ".venv/bin/pip").read_text()


def test_two_builds_at_once_make_one_and_clear_away_what_a_killed_one_left(
    checkout: Checkout, tmp_path: Path
) -> None:
    (checkout.folder / ".venv.building" / "venv" / "bin").mkdir(parents=True)
    with ExitStack() as stack:
        terminals = [
            stack.enter_context(
                open_terminal(
                    [checkout.folder / "scripts" / "venv.sh", "requirements.txt"],
                    folder=checkout.folder,
                    env={**os.environ, "PYTHON": sys.executable},
                    printed=tmp_path / f"printed-{number}",
                )
            )
            for number in range(2)
        ]
        assert [terminal.wait_for_exit(BUILD_SECONDS) for terminal in terminals] == [0, 0]
        outputs = [terminal.output for terminal in terminals]

    assert "".join(outputs).count("building .venv") == 1
    assert ".venv.building" not in checkout.list_names()
