"""Runs processes of a Procfile side by side, and stops all of them together."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

#: How long processes may take to end after SIGTERM before SIGKILL: what someone at a terminal
#: waits for after Ctrl-C. The job of a killed worker is given out again when its lease ends.
STOP_SECONDS = 5.0
#: How long the kernel may take to remove a process after SIGKILL.
KILL_SECONDS = 5.0
#: How often we look whether a process has ended.
POLL_SECONDS = 0.1


def read_procfile(path: Path) -> dict[str, str]:
    """The commands of a Procfile by the name of their process type."""
    lines = (line.partition(":") for line in path.read_text().splitlines() if ":" in line)
    return {name.strip(): command.strip() for name, _, command in lines}


@contextmanager
def catch_stop_signals() -> Iterator[list[int]]:
    """Collect SIGINT, SIGTERM and SIGHUP (the terminal was closed) instead of ending by them."""
    caught: list[int] = []
    before = {
        number: signal.signal(number, lambda number, _: caught.append(number))
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


class Stack:
    """Commands that run together; when the `with` block ends, none of their processes is left.

    Each command has a session of its own, so that Ctrl-C reaches this process alone and the
    commands get one SIGTERM each.
    """

    def __init__(self, commands: Mapping[str, str], *, env: Mapping[str, str], folder: Path):
        self._commands = commands
        self._env = env
        self._folder = folder
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        try:
            for name, command in self._commands.items():
                self._processes[name] = subprocess.Popen(  # noqa: S603  (the Procfile is ours)
                    ["/bin/sh", "-c", f"exec {command}"],
                    cwd=self._folder,
                    env=self._env,
                    stdin=subprocess.DEVNULL,
                    start_new_session=True,
                )
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def wait_for_exit(self, is_stopping: Callable[[], bool]) -> tuple[str, int] | None:
        """Name and exit code of the first process that ends; None once `is_stopping` says so."""
        while not is_stopping():
            for name, process in self._processes.items():
                if process.poll() is not None:
                    return name, process.returncode
            time.sleep(POLL_SECONDS)
        return None

    def stop(self) -> None:
        """Send SIGTERM, and after STOP_SECONDS SIGKILL to every process that is still there."""
        family = self._find_family()  # before a parent ends: an orphan is not found afterwards
        for process in self._processes.values():
            process.terminate()  # it alone: gunicorn and the cluster stop their children themselves
        deadline = time.monotonic() + STOP_SECONDS
        while self._is_any_alive(family) and time.monotonic() < deadline:
            time.sleep(POLL_SECONDS)
        for member in {*family, *self._find_family()}:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        self._kill_groups()
        for process in self._processes.values():
            process.wait(KILL_SECONDS)

    def _find_family(self) -> set[psutil.Process]:
        family: set[psutil.Process] = set()
        for process in self._processes.values():
            with suppress(psutil.NoSuchProcess):
                family.update(psutil.Process(process.pid).children(recursive=True))
        return family

    def _kill_groups(self) -> None:
        for process in self._processes.values():
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def _is_any_alive(self, family: set[psutil.Process]) -> bool:
        commands_run = [process.poll() is None for process in self._processes.values()]
        return any(commands_run) or any(_is_alive(member) for member in family)


def _is_alive(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False
