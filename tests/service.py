"""The real service in processes of its own: gunicorn and the cluster, each with its own folder."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import psutil

ROOT = Path(__file__).resolve().parents[1]

OWNER_TOKEN = "owner-token-0123456789"
OTHER_TOKEN = "other-token-0123456789"
OPERATOR_TOKEN = "operator-token-0123456789"

#: What a start needs, and what makes the test's own requests welcome.
DEFAULTS = {
    "SECRET_KEY": "only-for-tests-" + "x" * 50,
    "ALLOWED_HOSTS": "127.0.0.1,localhost,plimsoll.test",
    "API_ALLOW_ANONYMOUS": "1",
    "API_TOKENS": f"{OWNER_TOKEN},{OTHER_TOKEN},{OPERATOR_TOKEN}:operate",
    "EXTERNAL_ALLOW_PRIVATE": "1",
    "EXTERNAL_ALLOWED_HOSTS": "*",
    "PROCESSOR_MODULES": "tests.processor_module",
    "SHUTDOWN_GRACE_SECONDS": "3",
    "WEB_CONCURRENCY": "1",
    "WORKER_SEATS": "2",
    "UPLOAD_MIN_FREE_BYTES": "0",
}

WEB_COMMAND = [sys.executable, "-m", "gunicorn"]
WEB_COMMAND += ["-c", "python:project.gunicorn_conf", "project.asgi"]

START_SECONDS = 30.0
#: SHUTDOWN_GRACE_SECONDS and what a loaded machine adds.
STOP_SECONDS = 15.0
#: A child that dies with its parent is ended by the kernel, once what it held is freed.
GONE_SECONDS = 5.0
POLL_SECONDS = 0.02
#: Each process of a test run has its own share of the ports.
PORT_SHARES = 16


def wait_for(is_done: Callable[[], Any], seconds: float, what: str) -> None:
    """Return when `is_done()` is true; fail when it is not within `seconds`."""
    deadline = time.monotonic() + seconds
    while not is_done():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain: {what}"
        time.sleep(POLL_SECONDS)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def make_environment(**given: str) -> dict[str, str]:
    """A clean environment: nothing of the developer's own settings reaches the service."""
    return {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", **given}


def run_manage(
    *arguments: str, env: Mapping[str, str], text: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run one command of manage.py to its end."""
    command = [sys.executable, "manage.py", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=env, input=text, capture_output=True, text=True, timeout=60
    )


def find_free_port() -> int:
    """A port that nobody listens on, and that no other process of this test run asks for."""
    share = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % PORT_SHARES
    while True:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            port: int = listener.getsockname()[1]
        if port // 2 % PORT_SHARES == share:  # Linux gives odd ones, or even ones, alone
            return port


@dataclass(frozen=True, kw_only=True)
class Service:
    """A running web process with its database, its spool folder and its log."""

    process: subprocess.Popen[bytes]
    folder: Path
    port: int
    env: dict[str, str]

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def log(self) -> str:
        """All that the web process printed so far."""
        return (self.folder / "web.log").read_text()

    @property
    def worker(self) -> psutil.Process:
        """The gunicorn worker: the one child of the master."""
        [child] = psutil.Process(self.process.pid).children()
        return child

    def client(
        self, token: str | None = None, headers: Mapping[str, str] | None = None
    ) -> httpx.Client:
        """A client that sends the token and the headers with every request."""
        sent = {**(bearer(token) if token else {}), **(headers or {})}
        return httpx.Client(base_url=self.base_url, headers=sent, timeout=30)

    def connect(self) -> socket.socket:
        """A raw connection."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)

    def query(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """Ask the service's SQLite database, or change it, behind its back."""
        database = sqlite3.connect(self.folder / "db.sqlite3", timeout=20)
        with closing(database), database:  # the second commits
            return database.execute(sql, values).fetchall()

    def set_job(self, job_id: str, **columns: Any) -> None:
        """Put a job into a state that would take a worker and time."""
        changes = ", ".join(f"{name} = ?" for name in columns)
        key = UUID(job_id).hex
        self.query(f"UPDATE processing_job SET {changes} WHERE id = ?", *columns.values(), key)

    def find_spooled(self) -> list[Path]:
        """Every file in the spool folder: temp files and stored ones."""
        return [path for path in (self.folder / "spool").rglob("*") if path.is_file()]


@contextmanager
def run_process(
    command: list[str], *, env: Mapping[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in a session of its own; SIGTERM ends it well and leaves no process."""
    process = start_process(command, env=env, log=log)
    try:
        yield process
        stop_process(process, log)
    finally:
        kill_process(process)


def start_process(
    command: list[str], *, env: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    """Start a command in a session of its own that adds what it prints to `log`."""
    with log.open("ab") as output:
        return subprocess.Popen(
            command,
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def stop_process(process: subprocess.Popen[bytes], log: Path) -> None:
    """End it by SIGTERM, unless it has ended; it must end well and leave no process."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    assert process.wait(STOP_SECONDS) == 0, log.read_text()[-4000:]
    wait_for(lambda: not find_group(process.pid), GONE_SECONDS, "processes are left behind")


def kill_process(process: subprocess.Popen[bytes]) -> None:
    """Kill it with all that it has started, as far as they are still there."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(STOP_SECONDS)


def find_group(group: int) -> list[int]:
    """The processes of a group that still run."""
    members = []
    for process in psutil.process_iter(["pid", "status"]):
        with suppress(ProcessLookupError):
            if os.getpgid(process.pid) == group and process.info["status"] != "zombie":
                members.append(process.pid)
    return members


@contextmanager
def run_service(folder: Path, database: Path, **given: str) -> Iterator[Service]:
    """gunicorn with a copy of the migrated `database`; `given` is further environment."""
    port = find_free_port()
    shutil.copy(database, folder / "db.sqlite3")
    own = {
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "UPLOAD_SPOOL_DIR": str(folder / "spool"),
        "HOST": "127.0.0.1",
        "PORT": str(port),
    }
    env = make_environment(**(DEFAULTS | own | given))
    with run_process(WEB_COMMAND, env=env, log=folder / "web.log") as process:
        service = Service(process=process, folder=folder, port=port, env=env)
        wait_for(lambda: is_up(service), START_SECONDS, "the service did not start")
        yield service


def is_up(service: Service) -> bool:
    assert service.process.poll() is None, service.log
    with suppress(httpx.TransportError):
        return httpx.get(f"{service.base_url}/healthz").status_code == 200
    return False


@contextmanager
def run_cluster(service: Service) -> Iterator[subprocess.Popen[bytes]]:
    """`manage.py qcluster` on the service's database and spool folder."""
    log = service.folder / "cluster.log"
    command = [sys.executable, "manage.py", "qcluster"]
    with run_process(command, env=service.env, log=log) as process:
        yield process
