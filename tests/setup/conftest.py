"""A small project that project/local.py can run: the real one, and stand-ins for what it starts."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.service import find_free_port
from tests.setup.terminal import Terminal, open_terminal

ROOT = Path(__file__).resolve().parents[2]

#: Keeps a line of each call: its arguments and the settings it was given.
MANAGE = """
import os, sys
with open("calls", "a") as calls:
    print(*sys.argv[1:], os.environ["SECRET_KEY"], os.environ["API_ALLOW_ANONYMOUS"], file=calls)
"""
FIRST_ADMIN = """
import pathlib
made = pathlib.Path("var/admin")
if not made.exists():
    made.touch()
    print("made the user admin with the password s3cret (it is not shown again)")
"""
SETTINGS = """
import os
from processing.memory.plan import WebPlan, WorkerPlan
from processing.memory.quota import find_quota
MEMORY_QUOTA = find_quota(setting_bytes=int(os.environ.get("MEMORY_QUOTA_MB", 0)) * 1024 * 1024)
WEB_PLAN = WebPlan(quota=MEMORY_QUOTA, request_bytes=1)
WORKER_PLAN = WorkerPlan(quota=MEMORY_QUOTA)
"""
WEB = """
import http.server, os
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"ok")
    do_POST = do_GET
server = http.server.ThreadingHTTPServer((os.environ["HOST"], int(os.environ["PORT"])), Handler)
print("web is up", flush=True)
server.serve_forever()
"""
WORKER = """
import time
print("worker is up", flush=True)
time.sleep(600)
"""
PROCFILE = "web: python web.py\nworker: python worker.py\nrelease: python never.py\n"


@dataclass(frozen=True, kw_only=True)
class SmallProject:
    folder: Path
    port: int
    terminals: ExitStack

    def write(self, path: str, text: str) -> None:
        (self.folder / path).write_text(text)

    def read_calls(self) -> list[list[str]]:
        """Arguments, SECRET_KEY and API_ALLOW_ANONYMOUS of each call of manage.py."""
        calls = self.folder / "calls"
        return [line.split() for line in calls.read_text().splitlines()] if calls.exists() else []

    def start(self, *arguments: str, **env: str) -> Terminal:
        """`python -m project.local` in a terminal of its own, ended with the test."""
        given = {"PATH": os.environ["PATH"], "PORT": str(self.port), **env}
        command = [sys.executable, "-m", "project.local", *arguments]
        printed = self.folder / "printed"
        terminal = open_terminal(command, folder=self.folder, env=given, printed=printed)
        return self.terminals.enter_context(terminal)


@pytest.fixture
def small_project(tmp_path: Path) -> Iterator[SmallProject]:
    folder = tmp_path / "a project"
    (folder / "project").mkdir(parents=True)
    for name in ("__init__", "local", "local_dynos", "port", "procfile"):
        shutil.copy(ROOT / "project" / f"{name}.py", folder / "project")
    (folder / "processing").symlink_to(ROOT / "processing")
    with ExitStack() as terminals:
        small = SmallProject(folder=folder, port=find_free_port(), terminals=terminals)
        small.write("manage.py", MANAGE)
        small.write("project/first_admin.py", FIRST_ADMIN)
        small.write("project/settings.py", SETTINGS)
        small.write("web.py", WEB)
        small.write("worker.py", WORKER)
        small.write("Procfile", PROCFILE)
        small.write("README.md", "# A small project\n")
        yield small
