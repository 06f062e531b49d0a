"""A command run as in a terminal of its own: what it printed, its Ctrl-C, and what it left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

#: In the environment of the command, and so in that of every process it starts.
MARK = "PLIMSOLL_TEST_TERMINAL"
POLL_SECONDS = 0.05
#: A shell in the background ignores Ctrl-C and its children inherit that; a terminal does not.
TAKE_CTRL_C = (
    "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_DFL);"
    "os.execvp(sys.argv[1], sys.argv[1:])"
)


@dataclass(frozen=True, kw_only=True)
class Terminal:
    process: subprocess.Popen[bytes]
    printed: Path
    mark: str

    @property
    def output(self) -> str:
        return self.printed.read_text()

    def wait_for_text(self, text: str, seconds: float = 30) -> str:
        """Everything printed, once `text` is in it."""
        wait_until(
            lambda: text in self.output or self.process.poll() is not None,
            seconds,
            lambda: f"no {text!r} after {seconds} s in:\n{self.output}",
        )
        assert text in self.output, f"ended without printing {text!r}:\n{self.output}"
        return self.output

    def wait_for_exit(self, seconds: float = 30) -> int:
        return self.process.wait(seconds)

    def press_ctrl_c(self) -> None:
        """SIGINT to the foreground process group, as the terminal driver sends it."""
        os.killpg(self.process.pid, signal.SIGINT)

    def find_processes(self) -> list[psutil.Process]:
        """Every process that the command started and that runs now, orphans too."""
        return [
            process
            for process in psutil.process_iter(["environ", "status"])
            if (process.info["environ"] or {}).get(MARK) == self.mark
            and process.info["status"] != psutil.STATUS_ZOMBIE
        ]


def wait_until(is_done: Callable[[], bool], seconds: float, explain: Callable[[], str]) -> None:
    deadline = time.monotonic() + seconds
    while not is_done():
        assert time.monotonic() < deadline, explain()
        time.sleep(POLL_SECONDS)


@contextmanager
def open_terminal(
    command: Sequence[str | Path], *, folder: Path, env: Mapping[str, str], printed: Path
) -> Iterator[Terminal]:
    """Start `command` in a session of its own; at the end none of its processes is left."""
    mark = uuid.uuid4().hex
    with printed.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-c", TAKE_CTRL_C, *command],
            cwd=folder,
            env={**env, MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    terminal = Terminal(process=process, printed=printed, mark=mark)
    try:
        yield terminal
    finally:
        for left in terminal.find_processes():
            with suppress(psutil.NoSuchProcess):
                left.kill()
        process.wait(10)
