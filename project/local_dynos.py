"""The web and the worker of `make run`: two dynos on one machine, each with a quota of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from processing.dyno.dyno import Limits
from processing.dyno.enforcement import Enforcement
from processing.dyno.formation import Plan, Restart
from processing.dyno.log_lines import Log, Write, describe_mib
from processing.dyno.run import Options, run_dynos
from processing.memory.plan import WebPlan, WorkerPlan
from processing.memory.quota import SETTING, Quota, find_dyno_restart
from processing.memory.units import MIB
from processing.memory.usage import HAS_CHILDREN
from project.procfile import read_procfile

PROCESS_TYPES = ("web", "worker")
#: How long processes may take to end after SIGTERM before SIGKILL: what someone at a terminal
#: waits for after Ctrl-C. The job of a killed worker is given out again when its lease ends.
STOP_SECONDS = 5.0
#: Rare enough to take little of somebody's laptop; where processes must be searched for, rarer.
SAMPLE_SECONDS = 0.25 if HAS_CHILDREN else 1.0
#: How often R14 is repeated while it lasts, as on Heroku.
EVERY_SECONDS = 20.0


class TerminalLog(Log):
    """The log for somebody who works beside it: without times, and without what is as it should."""

    def routine(self, text: str) -> None:
        """Nothing to tell."""

    def complete(self, status: int) -> None:
        """One of the two is no service."""
        process_type = self.name.partition(".")[0]
        self.write(f"{process_type} ended with exit code {status}; stopping the rest")

    def line(self, source: str, text: str) -> None:
        """The processes' own lines have their times."""
        self.write(f"{source}[{self.name}]: {text}")


def find_share(quota: Quota) -> Quota:
    """What each of the two has of what this machine gives both.

    MEMORY_QUOTA_MB is the quota of each, as on Heroku, where they are not on one machine.
    """
    if quota.source == SETTING:
        return quota
    return replace(quota, limit_bytes=quota.limit_bytes // len(PROCESS_TYPES))


def size_processes(share: Quota, web: WebPlan, worker: WorkerPlan) -> dict[str, str]:
    """How many processes fit into the share, as settings.

    They cannot tell by themselves: to them their dyno's quota is an operator's, who wants it used,
    and not a part of a host that has other things to do.
    """
    return {
        "WEB_CONCURRENCY": str(replace(web, quota=share).processes),
        "WORKER_SEATS": str(replace(worker, quota=share).seats),
    }


def make_options(share: Quota, *, folder: Path, port: int) -> Options:
    """The two dynos, which plan with the very quota that is held against them."""
    quota_bytes = share.usable_bytes // MIB * MIB
    commands = read_procfile(folder / "Procfile")
    return Options(
        plans=[
            Plan(name=f"{name}.1", command=commands[name], restart=Restart.KILLED)
            for name in PROCESS_TYPES
        ],
        limits=Limits(
            quota_bytes=quota_bytes,
            threshold_bytes=find_dyno_restart(quota_bytes),
            every_seconds=EVERY_SECONDS,
            sample_seconds=SAMPLE_SECONDS,
            stop_seconds=STOP_SECONDS,
        ),
        first_port=port,
        folder=folder,
    )


def describe(share: Quota, options: Options, enforcement: Enforcement) -> str:
    """The quota in one line: how much, who says so, and what enforces it."""
    given = SETTING if share.source == SETTING else f"their shares of {share.source}"
    quota = describe_mib(options.limits.quota_bytes)
    how = enforcement.describe(options.limits)
    return f"web and worker have {quota} of memory each ({given}). {how}"


def run_service(
    options: Options, enforcement: Enforcement, write: Write, count_stops: Callable[[], int]
) -> int:
    """Run both; 0 when asked to stop, else the exit code of the one that ended first, 1 for 0."""
    tallies = run_dynos(
        options,
        enforcement,
        make_log=lambda name: TerminalLog(name, write),
        count_stops=count_stops,
    )
    ended = [tally.exit_status or 0 for tally in tallies.values() if tally.is_complete]
    return max(ended[0], 1) if ended else 0
