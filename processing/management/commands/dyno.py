"""`manage.py dyno`: run processes under a memory quota the way Heroku does."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

from processing.dyno.dyno import Limits
from processing.dyno.enforcement import Enforcement
from processing.dyno.formation import BadFormation, Plan, plan_formation, plan_one_off
from processing.dyno.line_writer import GONE_STATUS, LineWriter
from processing.dyno.log_lines import Log, describe_mib
from processing.dyno.plot import NoPlotLibrary, check_plot_library, draw_plot
from processing.dyno.run import Options, run_dynos
from processing.dyno.summary import find_exit_status, write_document, write_lines
from processing.management.arguments import memory_size, output_file, positive_seconds
from processing.management.report import ReportCommand
from processing.memory.quota import find_dyno_restart
from project.procfile import catch_stop_signals, read_procfile

EPILOG = """
examples:
  manage.py dyno                                  every process type of the Procfile but release
  manage.py dyno web=1 worker=2 --quota 512M
  manage.py dyno --quota 1G --csv var/usage.csv --plot var/usage.png -- python work.py

exit status:
  0    no memory error
  14   R14: a sample was above the quota
  15   R15: a dyno was killed at the restart threshold
  1    none of these, but the command after -- failed; the summary has its status
  141  whoever read the log went away, as after | head; the processes were stopped
"""


class Command(ReportCommand):
    """Runs dynos until Ctrl-C or, with a command of one's own, until that ends."""

    requires_system_checks = ()  # what is run does its own
    help = (
        "Run processes of the Procfile, or the command after --, under a memory quota the way "
        "Heroku does, and print Heroku's lines. The kernel enforces the restart threshold where a "
        "cgroup can be made, sampling does elsewhere. SIGTERM or Ctrl-C gives every process 30 s; "
        "a second one none."
    )
    one_off: list[str] | None = None

    def run_from_argv(self, argv: list[str]) -> None:
        """Keep what is after -- from argparse."""
        if "--" in argv:
            at = argv.index("--")
            self.one_off = argv[at + 1 :]
            argv = argv[:at]
        super().run_from_argv(argv)

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add everything that has no default in the Procfile."""
        super().add_arguments(parser)
        parser.formatter_class = RawDescriptionHelpFormatter
        parser.epilog = EPILOG
        parser.usage = "manage.py dyno [TYPE[=COUNT] …] [options] [-- COMMAND …]"
        parser.add_argument(
            "words", nargs="*", metavar="TYPE=COUNT", help="dynos of a process type, such as web=2"
        )
        parser.add_argument(
            "--quota",
            type=memory_size,
            default=memory_size("512M"),
            metavar="SIZE",
            help="memory of each dyno, such as 512M, 1.5G or 536870912 (default: 512M)",
        )
        parser.add_argument(
            "--restart-at",
            type=memory_size,
            metavar="SIZE",
            help="kill at this usage (default: twice the quota, 1.2 times from 30G on)",
        )
        parser.add_argument(
            "--every",
            type=positive_seconds,
            default=20.0,
            metavar="SECONDS",
            help="how often Heroku's lines are repeated (default: 20)",
        )
        parser.add_argument(
            "--no-cgroup",
            action="store_true",
            help="enforce the threshold by sampling even where the kernel could",
        )
        parser.add_argument(
            "--csv", type=output_file, metavar="FILE", help="write every sample into this file"
        )
        parser.add_argument(
            "--plot",
            type=output_file,
            metavar="FILE.png",
            help="draw usage, quota and threshold of each dyno (needs matplotlib)",
        )

    def handle(
        self,
        *,
        words: list[str],
        quota: int,
        restart_at: int | None,
        every: float,
        no_cgroup: bool,
        csv: Path | None,
        plot: Path | None,
        as_json: bool,
        **options: Any,
    ) -> None:
        """Run, then report; the exit status tells of memory errors."""
        threshold = restart_at or find_dyno_restart(quota)
        if threshold < quota:
            raise CommandError(
                f"--restart-at {describe_mib(threshold)} is below the quota of "
                f"{describe_mib(quota)}; give it that or more"
            )
        wanted = Options(
            plans=self._plan(words),
            limits=Limits(quota_bytes=quota, threshold_bytes=threshold, every_seconds=every),
            first_port=settings.PORT,
            folder=settings.BASE_DIR if self.one_off is None else None,
            csv=csv,
        )
        if plot:
            self._check_plot()
        write = LineWriter(sys.stderr if as_json else sys.stdout)
        with catch_stop_signals() as caught:
            enforcement = Enforcement.choose(sampling_only=no_cgroup)
            write(enforcement.describe(wanted.limits))
            tallies = run_dynos(
                wanted,
                enforcement,
                make_log=lambda name: Log(name, write),
                count_stops=lambda: len(caught) + write.is_reader_gone,
            )
        status = GONE_STATUS if write.is_reader_gone else find_exit_status(tallies)
        document = write_document(
            tallies, threshold_bytes=threshold, enforcement=enforcement.kind, exit_status=status
        )
        self.report(document, write_lines(tallies, threshold_bytes=threshold), as_json=as_json)
        if plot:
            draw_plot(plot, tallies, threshold_bytes=threshold)
        sys.exit(status)

    def _plan(self, words: list[str]) -> list[Plan]:
        if self.one_off is not None and (words or not self.one_off):
            raise CommandError("write either process types, or -- and a command with arguments")
        try:
            if self.one_off:
                return plan_one_off(self.one_off)
            return plan_formation(words, read_procfile(settings.BASE_DIR / "Procfile"))
        except BadFormation as error:
            raise CommandError(str(error)) from error

    def _check_plot(self) -> None:
        try:
            check_plot_library()
        except NoPlotLibrary as error:
            raise CommandError(str(error)) from error
