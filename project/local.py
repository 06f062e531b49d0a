"""What `make run` does once .venv is there: prepare var/, then run web and worker until Ctrl-C.

    python -m project.local                         run the service
    python -m project.local changepassword admin    any command of manage.py, in the same settings

It reads the environment to add defaults that suit one's own machine, and HOST and PORT to look
before it starts anything. Every other value is read, and judged, in project/settings.py.
"""

from __future__ import annotations

import fcntl
import http.client
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from processing.dyno.enforcement import Enforcement
from processing.dyno.line_writer import GONE_STATUS, LineWriter
from processing.memory.quota import Quota
from project.local_dynos import describe, find_share, make_options, run_service, size_processes
from project.port import check_port, parse_port
from project.procfile import catch_stop_signals

ROOT = Path(__file__).resolve().parent.parent
VAR_DIR = ROOT / "var"

DEFAULTS = {
    "HOST": "127.0.0.1",
    "PORT": "8000",
    "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1]",
    "API_ALLOW_ANONYMOUS": "1",
    "EXTERNAL_ALLOW_PRIVATE": "1",
    "EXTERNAL_ALLOWED_HOSTS": "*",
    "SHUTDOWN_GRACE_SECONDS": "3",  # Ctrl-C: requests end before local_dynos.STOP_SECONDS
    "DJANGO_SETTINGS_MODULE": "project.settings",
    "PYTHONUNBUFFERED": "1",
}
#: Where to reach a server that listens on every address.
REACHABLE = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104  (a name, not a binding)

SECRET_KEY_BYTES = 50
#: A migration of a large database; the other steps take a second or two.
STEP_SECONDS = 600
#: A cold start takes 2 to 5 s; after this we say that it is slow and go on.
HEALTHY_SECONDS = 30
HEALTHY_POLL_SECONDS = 0.2

GREETING = """
Plimsoll is at {url}/ (Ctrl-C stops it). Try:

  curl -X POST {url}/process_data -H 'Content-Type: application/json' -d '{{"hello": "world"}}'
  curl '{url}/get_external_data?url={url}/healthz'
  curl -F file=@README.md {url}/upload_file

admin at {url}/admin/ (user admin, password only at the first run;
for a new one: .venv/bin/python -m project.local changepassword admin)
"""


def make_environment() -> dict[str, str]:
    """The environment with DEFAULTS for what is not set, and .venv's programs first in PATH.

    An empty value counts as not set, as it does in the settings.
    """
    env = {**DEFAULTS, **{name: value for name, value in os.environ.items() if value}}
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", os.defpath)])
    return env


@contextmanager
def lock_var_dir() -> Iterator[None]:
    """Make var/, and hold it while it is prepared, so that two first runs do not meet there.

    The wait is bounded by what the other run may take: a few steps of STEP_SECONDS.
    """
    for folder in (VAR_DIR, VAR_DIR / "spool"):
        folder.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(VAR_DIR, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def keep_secret_key(path: Path) -> str:
    """The secret key in `path`, mode 0600. It is made once, whole or not at all."""
    if not path.exists():
        handle, draft = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "w") as file:
                file.write(secrets.token_urlsafe(SECRET_KEY_BYTES) + "\n")
                file.flush()
                os.fsync(handle)
            os.rename(draft, path)
        except BaseException:
            os.unlink(draft)
            raise
    return path.read_text().strip()


def add_secret_key(env: dict[str, str]) -> None:
    with lock_var_dir():
        env.setdefault("SECRET_KEY", keep_secret_key(VAR_DIR / "secret_key"))


def run_step(env: dict[str, str], *arguments: str) -> str:
    """Run Python with `arguments` and return what it printed; a failure is shown and ends us."""
    step = f"`{' '.join(arguments)}`"
    try:
        done = subprocess.run(  # noqa: S603  (our own commands)
            [sys.executable, *arguments],
            cwd=ROOT,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=STEP_SECONDS,
        )
    except subprocess.TimeoutExpired:
        sys.exit(f"{step} has not ended after {STEP_SECONDS} s")
    if done.returncode:
        sys.exit(f"{done.stdout}{step} failed: its reason is above")
    return done.stdout


def prepare(env: dict[str, str]) -> None:
    """Bring the database and the static files up to date; tell the password of a new admin."""
    with lock_var_dir():
        run_step(env, "manage.py", "migrate", "--noinput")
        run_step(env, "manage.py", "collectstatic", "--noinput", "-v0")
        print(run_step(env, "-m", "project.first_admin"), end="", flush=True)


def is_healthy(host: str, port: int) -> bool:
    connection = http.client.HTTPConnection(host.strip("[]"), port, timeout=1)
    with suppress(OSError, http.client.HTTPException), closing(connection):
        connection.request("GET", "/healthz")
        return connection.getresponse().status == http.client.OK
    return False


def greet(write: Callable[[str], None], host: str, port: int) -> None:
    """Wait until the web process answers, then print where it is and what to try."""
    deadline = time.monotonic() + HEALTHY_SECONDS
    while not is_healthy(host, port):
        if time.monotonic() > deadline:
            write(f"a slow start: /healthz has not answered for {HEALTHY_SECONDS} s")
            return
        time.sleep(HEALTHY_POLL_SECONDS)
    write(GREETING.format(url=f"http://{host}:{port}"))


def plan_memory(env: dict[str, str]) -> Quota:
    """The quota of each dyno; from now on the environment, theirs too, is `env` and what it says.

    The settings are read only now that what they need is there.
    """
    os.environ.update(env)
    from project import settings

    share = find_share(settings.MEMORY_QUOTA)
    os.environ.update(size_processes(share, settings.WEB_PLAN, settings.WORKER_PLAN))
    return share


def run(env: dict[str, str]) -> int:
    """Run web and worker; 0 when asked to stop, else the exit code of the one that ended first."""
    host, port = env["HOST"], parse_port(env["PORT"])
    # What a killed run left is ended here: its web has the port.
    enforcement = Enforcement.choose(sampling_only=False)
    check_port(host, port)
    add_secret_key(env)
    prepare(env)
    share = plan_memory(env)
    options = make_options(share, folder=ROOT, port=port)
    write = LineWriter(sys.stdout)
    with catch_stop_signals() as caught:
        write(describe(share, options, enforcement))
        where = (write, REACHABLE.get(host, host), port)
        threading.Thread(target=greet, args=where, daemon=True).start()
        code = run_service(options, enforcement, write, lambda: len(caught) + write.is_reader_gone)
    return GONE_STATUS if write.is_reader_gone else code


def main(arguments: list[str]) -> int:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    env = make_environment()
    if arguments:
        add_secret_key(env)
        command = [sys.executable, str(ROOT / "manage.py"), *arguments]
        os.execve(sys.executable, command, env)  # noqa: S606  (no shell is wanted)
    try:
        return run(env)
    except KeyboardInterrupt:
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
