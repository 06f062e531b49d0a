"""A run: every round takes every measure of every contender, one contender after the other."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.queue.contender import Contender
from bench.queue.errors import NotMeasured
from bench.queue.measures.measure import Measure
from bench.queue.records import Record, Records
from bench.queue.sizes import Sizes


def run_rounds(
    contenders: Sequence[Contender], measures: Sequence[Measure], sizes: Sizes, folder: Path
) -> Iterator[Record]:
    """Yields each record as it is made.

    The contenders take turns at each measure, so that what disturbs the machine disturbs them all.
    """
    records = Records()
    for number in range(1, sizes.rounds + 1):
        for measure in measures:
            for contender in contenders:
                if measure.systems and contender.system.name not in measure.systems:
                    continue
                known = records.find_known(contender.key, number)
                record = take_one(contender, measure, sizes, folder, number, known)
                records.add(record)
                yield record


def take_one(
    contender: Contender,
    measure: Measure,
    sizes: Sizes,
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
