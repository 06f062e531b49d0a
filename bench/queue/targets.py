"""What Plimsoll's queue is to reach, and whether it did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bench.queue.columns import COLUMNS
from bench.queue.markdown import write_table
from bench.queue.records import Records

REDIS_PEERS = {"celery@redis": "Celery", "dramatiq@redis": "Dramatiq"}
PEERS: Mapping[str, Mapping[str, str]] = {
    "sqlite": REDIS_PEERS | {"huey@sqlite": "Huey"},
    "postgresql": REDIS_PEERS,
}
DIVIDE = {column.figure: column.divide for column in COLUMNS}


@dataclass(frozen=True, kw_only=True)
class Target:
    """A bound on a figure, or on the factor by which it is better than a peer's."""

    text: str
    store: str
    figure: str
    peer: str = ""
    least_factor: float = 0.0
    most: float = 0.0

    def judge(self, records: Records) -> tuple[str, bool] | None:
        """What was measured and whether it will do; None where it was not measured."""
        ours = f"plimsoll@{self.store}"
        if not self.peer:
            value = records.find_median(ours, self.figure)
            return None if value is None else (f"{value:.2f}", value <= self.most)
        factor = records.find_ratio(ours, self.peer, self.figure, DIVIDE[self.figure])
        return None if factor is None else (f"× {factor:.2f}", factor >= self.least_factor)


def compare(store: str, peer: str, figure: str, least_factor: float, text: str) -> Target:
    return Target(text=text, store=store, figure=figure, peer=peer, least_factor=least_factor)


def list_targets() -> list[Target]:
    """Every target, the ones of SQLite first."""
    return [target for store in ("sqlite", "postgresql") for target in list_store(store)] + [
        compare(
            *("sqlite", "stock_defaults@sqlite", "enqueue_per_second", 5.0),
            "enqueue 5 × stock with Django's default DATABASES",
        ),
        Target(
            text="enqueue p99 while draining at most 25 ms",
            store="sqlite",
            figure="busy_enqueue_p99_ms",
            most=25.0,
        ),
    ]


def list_store(store: str) -> list[Target]:
    stock = f"stock@{store}"
    return [
        compare(store, stock, "drain_2_per_second", 5.0, "drain with 2 seats 5 × stock"),
        *(
            compare(store, peer, "drain_2_per_second", 1.0, f"drain with 2 seats ahead of {name}")
            for peer, name in PEERS[store].items()
        ),
        compare(store, stock, "enqueue_per_second", 1.0, "enqueue no slower than stock"),
        compare(store, stock, "idle_pss_mb", 1.0, "idle memory below stock's"),
        Target(text="pick-up p50 at most 10 ms", store=store, figure="pickup_p50_ms", most=10.0),
        Target(text="pick-up p99 at most 50 ms", store=store, figure="pickup_p99_ms", most=50.0),
        Target(
            text="idle CPU at most 1 % of a core", store=store, figure="idle_cpu_percent", most=1.0
        ),
    ]


def write_targets(records: Records) -> str:
    """A table of the targets that could be judged; empty where none could."""
    rows = []
    for target in list_targets():
        if (judged := target.judge(records)) is not None:
            measured, is_met = judged
            rows.append([target.store, target.text, measured, "yes" if is_met else "NO"])
    if not rows:
        return ""
    return write_table(["store", "target", "measured", "met"], rows, text_columns=2)
