"""`manage.py show_memory`: what web and cluster of this machine hold, against the quota."""

from __future__ import annotations

import json
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from django.conf import settings

from processing.management.memory_usage import MemoryUsage, read_memory_usage
from processing.management.report import ReportCommand
from processing.memory.plan import describe_quota, show
from processing.memory.processes import WEB, WORKER

#: It is shown anew so often, in seconds: each look reads every process of the machine once.
REFRESH_SECONDS = 1.0
#: To the upper left, and nothing left of what was below. https://en.wikipedia.org/wiki/ANSI_escape_code
HOME, CLEAR_BELOW, CLEAR_LINE = "\x1b[H", "\x1b[J", "\x1b[K"
CLEAR_SCREEN = "\x1b[2J"


class Command(ReportCommand):
    """Shows usage without changing anything."""

    requires_system_checks: tuple[str, ...] = ()
    help = "Show what each process of this machine's web and worker holds, against the quota."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add watching."""
        super().add_arguments(parser)
        parser.add_argument(
            "--watch", action="store_true", help="show it again each second until Ctrl-C"
        )

    def handle(self, *, as_json: bool, watch: bool, **options: Any) -> None:
        """Look and report, once or until Ctrl-C."""
        if not watch:
            usage = self._look()
            self.report(usage.document, _describe(usage), as_json=as_json)
            return
        with suppress(KeyboardInterrupt, BrokenPipeError):
            self._watch(as_json=as_json)

    def _watch(self, *, as_json: bool) -> None:
        in_place = self.stdout.isatty() and not as_json
        if in_place:
            self.stdout.write(CLEAR_SCREEN, ending="")
        while True:
            usage = self._look()
            if as_json:
                self.stdout.write(json.dumps(usage.document))
            elif in_place:
                lines = "".join(f"{line}{CLEAR_LINE}\n" for line in _describe(usage))
                self.stdout.write(f"{HOME}{lines}{CLEAR_BELOW}", ending="")
            else:
                self.stdout.write("\n".join([*_describe(usage), "\n"]))
            self.stdout.flush()
            time.sleep(REFRESH_SECONDS)

    @staticmethod
    def _look() -> MemoryUsage:
        return read_memory_usage(settings.MEMORY_QUOTA, settings.BASE_DIR)


def _describe(usage: MemoryUsage) -> Iterator[str]:
    yield f"{show(usage.used_bytes)} of {describe_quota(usage.quota)}, {usage.share:.0%}"
    if not usage.processes:
        yield "Neither web nor worker runs here."
        return
    yield f"\n{'':6}  {'pid':>7}  {'':12}  {'memory':>7}  {'anonymous':>9}"
    for type_ in (WEB, WORKER):
        members = [process for process in usage.processes if process.type == type_]
        for one in members:
            held, own = show(one.proportional_bytes), show(one.anonymous_bytes)
            yield f"{type_:6}  {one.pid:>7}  {one.name:12}  {held:>7}  {own:>9}"
        if members:
            total_bytes = sum(process.proportional_bytes for process in members)
            yield f"{type_:6}  {'':>7}  {'together':12}  {show(total_bytes):>7}"
