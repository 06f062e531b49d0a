"""One run of dynos from its options to its tallies."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from processing.dyno.dyno import Dyno, Limits
from processing.dyno.enforcement import Enforcement
from processing.dyno.formation import Plan
from processing.dyno.launch import Launch
from processing.dyno.log_lines import Log
from processing.dyno.output import Outputs
from processing.dyno.record import open_record
from processing.dyno.supervisor import Supervisor, keep_family
from processing.dyno.tally import Tally
from processing.memory.units import MIB


@dataclass(frozen=True, kw_only=True)
class Options:
    """What to run, under which limits, and where. Dynos get `first_port` and those after it."""

    plans: Sequence[Plan]
    limits: Limits
    first_port: int
    folder: Path | None
    csv: Path | None = None


def run_dynos(
    options: Options,
    enforcement: Enforcement,
    *,
    make_log: Callable[[str], Log],
    count_stops: Callable[[], int],
) -> dict[str, Tally]:
    """Run until one is done or a stop was asked for; leaves no process and no cgroup."""
    limits, outputs = options.limits, Outputs()
    record = open_record(
        options.csv, quota_bytes=limits.quota_bytes, threshold_bytes=limits.threshold_bytes
    )
    with ExitStack() as held:
        samples = held.enter_context(record)
        held.enter_context(keep_family())
        dynos: list[Dyno] = []
        for index, plan in enumerate(options.plans):
            dyno = Dyno(
                plan.name,
                Launch(
                    command=plan.command,
                    variables=make_variables(limits, port=options.first_port + index),
                    folder=options.folder,
                ),
                enforcement.make(plan.name, limits),
                limits,
                outputs=outputs,
                log=make_log(plan.name),
                record=samples,
                restart=plan.restart,
            )
            held.callback(dyno.close)
            dynos.append(dyno)
        Supervisor(dynos, outputs, count_stops, limits).run()
    return {dyno.name: dyno.tally for dyno in dynos}


def make_variables(limits: Limits, *, port: int) -> dict[str, str]:
    """What a dyno's environment tells it: its port, and its quota in MB, as Heroku and to us."""
    quota_mb = str(limits.quota_bytes // MIB)
    return {"PORT": str(port), "DYNO_RAM": quota_mb, "MEMORY_QUOTA_MB": quota_mb}
