"""The upload clients of clients/package.json, installed once, and run by node."""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.needs import require_node
from tests.service import ROOT

SOURCES = Path(__file__).with_name("clients")
PINS = ("package.json", "package-lock.json")
INSTALL_SECONDS = 300
UPLOAD_SECONDS = 90
BUNDLE_SECONDS = 60


def install_clients() -> Path:
    """The folder with `node_modules`: one for each content of the pins, made at its first use."""
    require_node()
    pins = b"".join((SOURCES / name).read_bytes() for name in PINS)
    made = ROOT / "var" / "upload-clients" / hashlib.sha256(pins).hexdigest()[:16]
    made.parent.mkdir(parents=True, exist_ok=True)
    with made.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            _install(made)
    return made


def _install(made: Path) -> None:
    draft = made.with_suffix(".draft")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    for name in PINS:
        shutil.copy(SOURCES / name, draft)
    command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    _run(command, folder=draft, seconds=INSTALL_SECONDS)
    draft.rename(made)


def make_program_folder(folder: Path) -> Path:
    """A folder with the programs of clients/ where they find the installed packages."""
    programs = folder / "programs"
    shutil.copytree(SOURCES, programs)
    (programs / "node_modules").symlink_to(install_clients() / "node_modules")
    return programs


def upload_by_node(
    programs: Path, endpoint: str, path: Path, *, source: str = "file", **options: Any
) -> dict[str, Any]:
    """Upload a file by tus-js-client with these options of its own; returns its URL and its job."""
    command = ["node", "upload.mjs", endpoint, str(path), source, json.dumps(options)]
    printed = _run(command, folder=programs, seconds=UPLOAD_SECONDS)
    answer: dict[str, Any] = json.loads(printed)
    return answer


def upload_by_uppy(programs: Path, endpoint: str, path: Path, **options: Any) -> str:
    """Upload a file by Uppy with these options of its plugin for tus; returns its URL."""
    command = ["node", "uppy.mjs", endpoint, str(path), json.dumps(options)]
    printed = _run(command, folder=programs, seconds=UPLOAD_SECONDS)
    return str(json.loads(printed)["url"])


def bundle_page(programs: Path) -> bytes:
    """The page's program with the packages that it imports, as one file for a browser."""
    options = ["--bundle", "--format=esm", "--log-level=warning", "--outfile=page.js"]
    command = ["node_modules/.bin/esbuild", "page.mjs", *options]
    _run(command, folder=programs, seconds=BUNDLE_SECONDS)
    return (programs / "page.js").read_bytes()


def _run(command: list[str], *, folder: Path, seconds: float) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, f"{' '.join(command[:3])}: {done.stdout[-2000:]}{done.stderr}"
    return done.stdout
