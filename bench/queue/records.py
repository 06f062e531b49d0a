"""What was measured: one record for each measurement, and the middle values over the rounds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Record:
    """One measure of one contender in one round: figures, or the reason why there are none."""

    round: int
    contender: str
    measure: str
    figures: dict[str, float] = field(default_factory=dict)
    failure: str = ""
    taken_at: float = 0.0
    """When it was done, in seconds since 1970."""


class Records:
    """All measurements of a run, in the order in which they were taken."""

    def __init__(self, records: Iterable[Record] = ()) -> None:
        self._records = list(records)

    def add(self, record: Record) -> None:
        self._records.append(record)

    def list_failures(self) -> list[Record]:
        """Those that gave no figures."""
        return [record for record in self._records if record.failure]

    def find_rounds(self, contender: str, figure: str) -> dict[int, float]:
        """The figure in each round that has it; the median where a round took it several times."""
        taken: dict[int, list[float]] = defaultdict(list)
        for record in self._records:
            if record.contender == contender and figure in record.figures:
                taken[record.round].append(record.figures[figure])
        return {number: median(values) for number, values in taken.items()}

    def find_known(self, contender: str, round_number: int) -> dict[str, float]:
        """What this contender has given in that round."""
        known: dict[str, float] = {}
        for record in self._records:
            if (record.contender, record.round) == (contender, round_number):
                known |= record.figures
        return known

    def find_median(self, contender: str, figure: str) -> float | None:
        """The median over the rounds; None where it was never measured."""
        rounds = self.find_rounds(contender, figure)
        return median(rounds.values()) if rounds else None

    def find_ratio(
        self, ours: str, theirs: str, figure: str, divide: Callable[[float, float], float]
    ) -> float | None:
        """The median over the rounds of `divide(ours, theirs)`: noise that both had cancels."""
        our_rounds, their_rounds = (
            self.find_rounds(contender, figure) for contender in (ours, theirs)
        )
        shared = our_rounds.keys() & their_rounds.keys()
        if not shared:
            return None
        return median(divide(our_rounds[number], their_rounds[number]) for number in shared)

    def as_json(self) -> list[dict[str, Any]]:
        """Every record, as values that JSON has."""
        return [asdict(record) for record in self._records]
