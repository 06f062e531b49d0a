"""A target: what a figure is to be, alone or beside a peer's, and whether it is."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from bench.queue.markdown import write_table
from bench.queue.records import Records


@dataclass(frozen=True, kw_only=True)
class Target:
    """A bound on a figure, or on the factor by which it is better than a peer's."""

    text: str
    topic: str
    """What it belongs to, such as the store; the first column of the table."""

    ours: str
    """The key of the contender that is to reach it."""

    figure: str
    peer: str = ""
    divide: Callable[[float, float], float] | None = None
    """How many times better ours is than the peer's; with a peer alone."""

    least_factor: float = 0.0
    most: float = 0.0

    def judge(self, records: Records) -> tuple[str, bool] | None:
        """What was measured and whether it will do; None where it was not measured."""
        if self.divide is None:
            value = records.find_median(self.ours, self.figure)
            return None if value is None else (f"{value:.2f}", value <= self.most)
        factor = records.find_ratio(self.ours, self.peer, self.figure, self.divide)
        return None if factor is None else (f"× {factor:.2f}", factor >= self.least_factor)


def write_targets(topic: str, targets: Iterable[Target], records: Records) -> str:
    """A table of the targets that could be judged; empty where none could."""
    rows = []
    for target in targets:
        if (judged := target.judge(records)) is not None:
            measured, is_met = judged
            rows.append([target.topic, target.text, measured, "yes" if is_met else "NO"])
    if not rows:
        return ""
    return write_table([topic, "target", "measured", "met"], rows, text_columns=2)
