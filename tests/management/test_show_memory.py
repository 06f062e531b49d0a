"""`manage.py show_memory`: what real processes hold, once and again."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from processing.memory.processes import name_type
from tests.conftest import StartService
from tests.service import (
    DEFAULTS,
    ROOT,
    Service,
    make_environment,
    run_cluster,
    run_manage,
    wait_for,
)

MIB = 1024 * 1024
START_SECONDS = 30.0
STOP_SECONDS = 10.0


@contextmanager
def watch(*arguments: str, stdout: int) -> Iterator[subprocess.Popen[bytes]]:
    """`show_memory --watch`, which Ctrl-C must end well and in silence."""
    command = [sys.executable, "manage.py", "show_memory", "--watch", *arguments]
    env = make_environment(**DEFAULTS)
    process = subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=stdout, stderr=subprocess.PIPE, start_new_session=True
    )
    try:
        yield process
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=STOP_SECONDS)
        assert (process.returncode, told) == (0, b"")
    finally:
        process.kill()
        process.wait(STOP_SECONDS)


def read_until(reader: int, pattern: bytes) -> bytes:
    """Everything up to and with `pattern`, which must come within START_SECONDS."""
    text = b""
    deadline = time.monotonic() + START_SECONDS
    while not re.search(pattern, text, re.DOTALL):
        left_seconds = max(0.0, deadline - time.monotonic())
        ready, _, _ = select.select([reader], [], [], left_seconds)
        assert ready, f"no {pattern!r} in {text!r}"
        piece = os.read(reader, 4096)
        assert piece, f"it ended before {pattern!r}: {text!r}"
        text += piece
    return text


def find_cluster_pids(process: subprocess.Popen[bytes]) -> set[int]:
    root = psutil.Process(process.pid)
    return {root.pid, *(child.pid for child in root.children(recursive=True))}


def wait_for_seats(service: Service, count: int) -> None:
    log = service.folder / "cluster.log"
    wait_for(lambda: log.read_text().count("ready for work") >= count, START_SECONDS, "no seats")


def test_every_process_of_web_and_worker_is_shown(start_service: StartService) -> None:
    service = start_service(MEMORY_QUOTA_MB="2048")
    with run_cluster(service) as cluster:
        wait_for_seats(service, 2)
        done = run_manage("show_memory", "--json", env=service.env)
        pids = {service.process.pid, service.worker.pid} | find_cluster_pids(cluster)
        lines = run_manage("show_memory", env=service.env).stdout
    document = json.loads(done.stdout)
    assert (document["quota_bytes"], document["quota_source"]) == (2048 * MIB, "MEMORY_QUOTA_MB")
    shown = {process["pid"]: process for process in document["processes"]}
    assert pids <= set(shown)
    names = sorted(f"{shown[pid]['type']} {shown[pid]['name']}" for pid in pids)
    assert names == [
        "web master",
        "web process",
        "worker seat 1",
        "worker seat 2",
        "worker supervisor",
        "worker template",
    ]
    for pid in pids:
        assert MIB < shown[pid]["proportional_bytes"] < 200 * MIB
        assert MIB < shown[pid]["anonymous_bytes"] < 200 * MIB
    held_bytes = sum(process["proportional_bytes"] for process in shown.values())
    assert document["used_bytes"] == held_bytes
    assert re.match(r"\d+ MB of 2048 MB \(MEMORY_QUOTA_MB\), \d+%\n", lines)
    for pid in pids:
        assert re.search(rf"^(web|worker) +{pid}  \w.* \d+ MB +\d+ MB$", lines, re.MULTILINE)


def test_watching_in_a_terminal_redraws_in_place() -> None:
    reader, terminal = pty.openpty()
    try:
        with watch(stdout=terminal) as process:
            os.close(terminal)
            shown = read_until(reader, rb"\x1b\[2J\x1b\[H\d+ MB of .*\x1b\[J\x1b\[H\d+ MB of ")
            assert process.poll() is None
        assert shown.count(b"\x1b[2J") == 1
    finally:
        os.close(reader)


def test_watching_elsewhere_prints_plain_lines() -> None:
    with watch(stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        shown = read_until(process.stdout.fileno(), rb"\d+ MB of .*\n\n.*\d+ MB of ")
        assert b"\x1b" not in shown


def test_watching_for_machines_is_a_document_a_line() -> None:
    with watch("--json", stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        shown = read_until(process.stdout.fileno(), rb"\n.*\n")
    for line in shown.splitlines()[:2]:
        assert set(json.loads(line)) >= {"quota_bytes", "used_bytes", "processes"}


def test_watching_ends_with_its_reader() -> None:
    command = [sys.executable, "manage.py", "show_memory", "--watch"]
    env = make_environment(**DEFAULTS)
    with subprocess.Popen(
        command, cwd=ROOT, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        _, told = process.communicate(timeout=STOP_SECONDS)
    assert (process.returncode, told) == (0, b"")


@pytest.mark.parametrize(
    ("command", "type_"),
    [
        (["/venv/bin/python", "-m", "gunicorn", "-c", "python:project.gunicorn_conf"], "web"),
        (["python3.11", "/venv/bin/gunicorn", "-c", "python:project.gunicorn_conf"], "web"),
        (["python", "manage.py", "qcluster", "--seats", "2"], "worker"),
        (["python", "manage.py", "show_memory"], None),
        (["/bin/sh", "-c", "exec python manage.py qcluster"], None),
        (["vi", "qcluster"], None),
        ([], None),
    ],
)
def test_a_command_line_tells_the_type(command: list[str], type_: str | None) -> None:
    assert name_type(command) == type_
    assert Path(ROOT / "Procfile").read_text().count("python:project.gunicorn_conf") == 1
