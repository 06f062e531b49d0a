"""A cluster that is started again whenever its first process is gone, as a platform does it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.cluster import RunningCluster, make_cluster_environment
from tests.service import ROOT, START_SECONDS, STOP_SECONDS, wait_for

#: Every process of these clusters, and what their tasks start, has this in its environment.
MARK = "SURVIVAL_TEST"


class Keeper:
    """Starts clusters, one after the other."""

    def __init__(self, folder: Path, *arguments: str, **given: str) -> None:
        self._log_file = folder / "cluster.log"
        self._command = [sys.executable, "manage.py", "qcluster", *arguments]
        self._env = make_cluster_environment(folder, **given, **{MARK: str(folder)})
        self.start_count = 0
        self.cluster = self._start()

    def look_after(self) -> None:
        """Start the next cluster if this one was killed."""
        status = self.cluster.process.poll()
        if status is not None:
            assert status == -signal.SIGKILL, self.cluster.log[-4000:]
            self.cluster = self._start()

    def wait_until_up(self) -> None:
        """Wait until there are seats, so that it is past the point where a signal only kills it."""
        wait_for(lambda: self.cluster.seats, START_SECONDS, "no seat came up")

    def stop(self) -> None:
        """End it in the way it is meant to be ended, unless the test has done so."""
        if self.cluster.process.poll() is None:
            self.wait_until_up()
            self.cluster.process.send_signal(signal.SIGTERM)
        assert self.cluster.process.wait(STOP_SECONDS) == 0, self.cluster.log[-4000:]

    def kill(self) -> None:
        """End it in any case."""
        self.cluster.process.kill()
        self.cluster.process.wait(STOP_SECONDS)

    def _start(self) -> RunningCluster:
        self.start_count += 1
        with self._log_file.open("ab") as output:
            process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._env,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        return RunningCluster(process=process, log_file=self._log_file)


@contextmanager
def keep_cluster(folder: Path, *arguments: str, **given: str) -> Iterator[Keeper]:
    """A keeper whose last cluster is stopped at the end and has left nothing."""
    keeper = Keeper(folder, *arguments, **given)
    try:
        yield keeper
        keeper.stop()
        assert not find_marked(folder)
        assert "a process of the cluster broke" not in keeper.cluster.log
    finally:
        keeper.kill()
        for process in find_marked(folder):
            process.kill()


def find_marked(folder: Path) -> list[psutil.Process]:
    """What still runs of the clusters of the test with this folder, tasks' children too."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            is_ended = process.status() == psutil.STATUS_ZOMBIE
            if process.pid != os.getpid() and not is_ended and _has_mark(process, folder):
                found.append(process)
    return found


def _has_mark(process: psutil.Process, folder: Path) -> bool:
    return process.environ().get(MARK) == str(folder)
