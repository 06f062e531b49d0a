"""The Python that each system runs with: the project's own, and a venv for the peers."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from bench.queue.errors import Unavailable

ROOT = Path(__file__).resolve().parents[2]
VENVS = ROOT / ".venv-bench"

#: Pythons that django-ox runs with, the first that is found is taken.
OX_PYTHONS = ("python3.14", "python3.13", "python3.12")
BUILD_SECONDS = 600.0
LOOK_SECONDS = 20.0


class Interpreters:
    """Finds or builds each venv once; what could not be had is not tried again."""

    def __init__(self) -> None:
        self._found: dict[str, Path | Unavailable] = {"project": Path(sys.executable)}

    def find(self, name: str) -> Path:
        """The interpreter of "project", "peers", "ox" or "plot". Raises Unavailable with the
        reason."""
        if name not in self._found:
            try:
                self._found[name] = BUILD[name]()
            except Unavailable as reason:
                self._found[name] = reason
        found = self._found[name]
        if isinstance(found, Unavailable):
            raise found
        return found


def build_peers() -> Path:
    """The venv of bench/requirements.txt, of the Python that the project's own is of."""
    return build_venv("peers", find_base(), ROOT / "bench/requirements.txt")


def build_plot() -> Path:
    """The project's own interpreter where it has matplotlib, or a venv that has."""
    if find_spec("matplotlib"):
        return Path(sys.executable)
    return build_venv("plot", find_base(), ROOT / "requirements-plot.txt")


def find_base() -> Path:
    """The Python that the project's venv was built with."""
    return Path(sys.base_prefix) / "bin" / f"python{sys.version_info[0]}.{sys.version_info[1]}"


def build_ox() -> Path:
    """The venv of bench/requirements-ox.txt. Raises Unavailable without Python 3.12."""
    for python in list_ox_pythons():
        if does_run(python):
            return build_venv("ox", python, ROOT / "bench/requirements-ox.txt")
    raise Unavailable(f"django-ox needs Python 3.12 or newer; no {' or '.join(OX_PYTHONS)} runs")


BUILD = {"peers": build_peers, "ox": build_ox, "plot": build_plot}


def list_ox_pythons() -> Iterator[Path]:
    for name in OX_PYTHONS:
        if path := shutil.which(name):
            yield Path(path)
        # pyenv's own python3.13 only runs where that version has been chosen.
        if pyenv := os.environ.get("PYENV_ROOT"):
            yield from sorted(Path(pyenv).glob(f"versions/*/bin/{name}"))


def does_run(python: Path) -> bool:
    command = [str(python), "-c", "import ensurepip, venv"]
    return run(command, LOOK_SECONDS).returncode == 0


def build_venv(name: str, python: Path, requirements: Path) -> Path:
    """Make .venv-bench/NAME unless it is there for the same requirements; its interpreter."""
    venv = VENVS / name
    kept = venv / "requirements.txt"
    if not (kept.exists() and kept.read_text() == requirements.read_text()):
        print(f"building {venv.relative_to(ROOT)} from {requirements.relative_to(ROOT)}")
        shutil.rmtree(venv, ignore_errors=True)
        run_quietly([str(python), "-m", "venv", str(venv)])
        pip = [str(venv / "bin/python"), "-m", "pip", "install", "--quiet", "--no-input"]
        run_quietly([*pip, "--disable-pip-version-check", "-r", str(requirements)])
        shutil.copy(requirements, kept)  # last: it says that the venv is whole
    return venv / "bin" / "python"


def run_quietly(command: list[str]) -> None:
    result = run(command, BUILD_SECONDS)
    if result.returncode:
        last = (result.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Unavailable(f"{' '.join(command[:4])} failed: {last}")


def read_version(python: Path, package: str) -> str:
    """The version of an installed distribution; empty where it is not installed."""
    program = f"import importlib.metadata; print(importlib.metadata.version({package!r}))"
    return run([str(python), "-c", program], LOOK_SECONDS).stdout.strip()


def run(command: list[str], seconds: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  (our own commands)
        command, capture_output=True, text=True, timeout=seconds
    )
