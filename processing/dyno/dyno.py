"""One dyno: started, sampled, killed at the threshold, started again as the crash policy says."""

from __future__ import annotations

import signal
import subprocess
from dataclasses import dataclass

from processing.dyno.boundary import Boundary, Usage
from processing.dyno.crash_policy import CrashPolicy
from processing.dyno.formation import Restart
from processing.dyno.killing import kill_all, signal_all
from processing.dyno.launch import Launch
from processing.dyno.log_lines import (
    R14,
    R15,
    SIGKILL,
    SIGTERM,
    Log,
    describe_late,
    describe_metrics,
    describe_usage,
)
from processing.dyno.output import Outputs, Pipe
from processing.dyno.process_tree import is_running
from processing.dyno.record import Record
from processing.dyno.tally import Tally

#: https://devcenter.heroku.com/articles/dyno-shutdown-behavior
STOP_SECONDS = 30.0
#: 20 samples a second; a burst that comes and goes between two is seen by the kernel alone.
SAMPLE_SECONDS = 0.05


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The lines that usage is held against, and the times of a run in seconds.

    Usage is read every `sample_seconds`, Heroku's lines are repeated every `every_seconds`, and
    from SIGTERM to its end a process has `stop_seconds`.
    """

    quota_bytes: int
    threshold_bytes: int
    every_seconds: float
    sample_seconds: float = SAMPLE_SECONDS
    stop_seconds: float = STOP_SECONDS


class Dyno:
    """All times are seconds since the run began."""

    def __init__(
        self,
        name: str,
        launch: Launch,
        boundary: Boundary,
        limits: Limits,
        *,
        outputs: Outputs,
        log: Log,
        record: Record,
        restart: Restart,
    ) -> None:
        self.name = name
        self.tally = Tally(quota_bytes=limits.quota_bytes)
        self.boundary = boundary
        self.start_at: float | None = 0.0
        self._launch = launch
        self._limits = limits
        self._outputs = outputs
        self._log = log
        self._record = record
        self._restart = restart
        self._policy = CrashPolicy()
        self._process: subprocess.Popen[bytes] | None = None
        self._pipe: Pipe | None = None
        self._is_stopping = False
        self._is_killed = False
        self._started_at = 0.0
        self._metrics_at = 0.0
        self._r14_at = 0.0

    @property
    def is_done(self) -> bool:
        """Whether nothing of it runs or will."""
        return self._process is None and self.start_at is None

    @property
    def pid(self) -> int | None:
        """The process that this one has to reap."""
        return self._process.pid if self._process else None

    def step(self, now: float) -> None:
        """Do what is due."""
        if self._process:
            self._watch(self._process, now)
        elif self.start_at is not None and now >= self.start_at:
            self._start(now)

    def stop(self) -> None:
        """Ask every process to end, and start none any more."""
        self.start_at, self._is_stopping = None, True
        if self._process:
            self._log.routine(SIGTERM)
            signal_all(self._find_processes(), signal.SIGTERM)

    def kill(self, *, is_late: bool) -> None:
        """End what is left at once."""
        if self._process:
            if is_late:
                self._log.platform(describe_late(self._limits.stop_seconds))
            self._log.platform(SIGKILL)
            self._kill_processes()

    def close(self) -> None:
        """Leave no process and no group, whatever state this is in."""
        self._kill_processes()
        if self._process:
            self._process.wait()
        if self._pipe:
            self._outputs.remove(self._pipe)
        self.boundary.close()

    def _start(self, now: float) -> None:
        if self.tally.exit_status is not None:
            self.tally.restart_count += 1
            self._log.platform("State changed from crashed to starting")
        self._log.routine(f"Starting process with command `{self._launch.command}`")
        self._process = self._launch.start(self.boundary)
        assert self._process.stdout is not None
        self._pipe = self._outputs.add(self._process.stdout, self._log.app)
        self.start_at = None
        self._is_killed = False
        self._started_at = now
        self._metrics_at = now + self._limits.every_seconds
        self._r14_at = now

    def _watch(self, process: subprocess.Popen[bytes], now: float) -> None:
        has_ended = process.poll() is not None  # before the kill is looked for: that comes first
        if self.boundary.take_kernel_kill():
            self._exceed(Usage(resident_bytes=self._limits.threshold_bytes, swap_bytes=0), now)
        elif not has_ended:
            usage = self.boundary.read_usage(now)
            if usage.total_bytes > self._limits.threshold_bytes:
                self._exceed(usage, now)
            else:
                self._note(usage, now)
        if process.poll() is not None and not self._is_waiting_for_rest():
            self._end(process, now)

    def _is_waiting_for_rest(self) -> bool:
        """While it stops, each process has its time, also when the first has ended."""
        return self._is_stopping and any(map(is_running, self._find_processes()))

    def _note(self, usage: Usage, now: float) -> None:
        self._sample(usage, now)
        quota_bytes = self._limits.quota_bytes
        if now >= self._metrics_at:
            self._metrics_at = now + self._limits.every_seconds
            metrics = describe_metrics(
                self.name,
                resident_bytes=usage.resident_bytes,
                swap_bytes=usage.swap_bytes,
                quota_bytes=quota_bytes,
            )
            self._log.routine(metrics)
        if usage.total_bytes > quota_bytes and now >= self._r14_at:
            self._r14_at = now + self._limits.every_seconds
            self._log.platform(describe_usage(usage.total_bytes, quota_bytes))
            self._log.platform(R14)

    def _exceed(self, usage: Usage, now: float) -> None:
        self._sample(usage, now)
        self._is_killed = True
        self.tally.kill_times.append(now)
        self._log.platform(describe_usage(usage.total_bytes, self._limits.quota_bytes))
        self._log.platform(R15)
        self._log.platform(SIGKILL)
        self._kill_processes()

    def _sample(self, usage: Usage, now: float) -> None:
        self.tally.add_sample(now, usage.total_bytes)
        self._record.add(self.name, usage.total_bytes)

    def _end(self, process: subprocess.Popen[bytes], now: float) -> None:
        self._kill_processes()  # a dyno ends with its first process
        code = process.wait()
        if self._pipe:
            self._outputs.remove(self._pipe)
        self._process = self._pipe = None
        self.boundary.take_kernel_kill()  # one that came while it was being killed is no new one
        status = 128 - code if code < 0 else code
        self.tally.end_run(status)
        if self._is_stopping:
            self._log.routine(f"Process exited with status {status}")
            self._log.routine("State changed from up to complete")
            return
        self._log.platform(f"Process exited with status {status}")
        if self._restart is Restart.ALWAYS or (self._restart is Restart.KILLED and self._is_killed):
            self._crash(now)
        else:
            self.tally.is_complete = True
            self._log.complete(status)

    def _crash(self, now: float) -> None:
        self.tally.crash_count += 1
        self._log.platform("State changed from up to crashed")
        self.start_at = self._policy.find_restart_at(started_at=self._started_at, crashed_at=now)
        if self.start_at > now:
            self._log.platform(f"Cooling off for {self.start_at - now:.0f} s before it starts")

    def _kill_processes(self) -> None:
        kill_all(self._find_processes)

    def _find_processes(self) -> set[int]:
        """Those in the boundary, and the first one, which may not have come in yet."""
        found = set(self.boundary.find_processes())
        if self._process and self._process.returncode is None:
            found.add(self._process.pid)
        return found
