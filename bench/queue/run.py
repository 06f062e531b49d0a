"""A run: every round takes every measure of every contender, one contender after the other."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

from bench.queue.errors import NotMeasured
from bench.queue.measures.measure import Measure
from bench.queue.records import Record, Records


class System(Protocol):
    """What a bench knows of a system."""

    @property
    def name(self) -> str: ...
    @property
    def measures(self) -> tuple[str, ...]:
        """The measures that it takes part in; all where it is empty."""


class Contender(Protocol):
    """What takes turns with others, in any of the benches."""

    @property
    def key(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def version(self) -> str: ...
    @property
    def system(self) -> System: ...

    def set_stage(self, folder: Path) -> AbstractContextManager[Any]:
        """A stage for one measurement, with `read_log()`. Raises NotMeasured."""


def run_rounds(
    contenders: Sequence[Contender], measures: Sequence[Measure], sizes: Any, folder: Path
) -> Iterator[Record]:
    """Yields each record as it is made. `sizes` are the bench's own, with `rounds` among them.

    The contenders take turns at each measure, so that what disturbs the machine disturbs them all.
    Every second round has them in the opposite order: nobody always comes after the same one.
    """
    records = Records()
    for number in range(1, sizes.rounds + 1):
        order = contenders if number % 2 else contenders[::-1]
        for measure in measures:
            for contender in order:
                if not is_taken(measure, contender.system):
                    continue
                known = records.find_known(contender.key, number)
                record = take_one(contender, measure, sizes, folder, number, known)
                records.add(record)
                yield record


def is_taken(measure: Measure, system: System) -> bool:
    """Whether each has something to say to the other."""
    return (not measure.systems or system.name in measure.systems) and (
        not system.measures or measure.name in system.measures
    )


def take_one(
    contender: Contender,
    measure: Measure,
    sizes: Any,
    folder: Path,
    number: int,
    known: dict[str, float],
) -> Record:
    """One measurement; what goes wrong in it becomes the record's failure."""
    figures: dict[str, float] = {}
    failure = ""
    try:
        with contender.set_stage(folder) as stage:
            try:
                figures = measure.take(stage, sizes, known)
            except NotMeasured as reason:
                failure = f"{reason}\n{stage.read_log()}".strip()
    except NotMeasured as reason:  # while the store was prepared
        failure = str(reason)
    return Record(
        round=number,
        contender=contender.key,
        measure=measure.name,
        figures=figures,
        failure=failure,
        taken_at=time.time(),
    )
