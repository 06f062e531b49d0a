"""What Plimsoll's queue is to reach."""

from __future__ import annotations

from collections.abc import Mapping

from bench.queue.columns import COLUMNS
from bench.queue.target import Target

REDIS_PEERS = {"celery@redis": "Celery", "dramatiq@redis": "Dramatiq"}
PEERS: Mapping[str, Mapping[str, str]] = {
    "sqlite": REDIS_PEERS | {"huey@sqlite": "Huey"},
    "postgresql": REDIS_PEERS,
}
DIVIDE = {column.figure: column.divide for column in COLUMNS}


def compare(store: str, peer: str, figure: str, least_factor: float, text: str) -> Target:
    return Target(
        text=text,
        topic=store,
        ours=f"plimsoll@{store}",
        figure=figure,
        peer=peer,
        divide=DIVIDE[figure],
        least_factor=least_factor,
    )


def bound(store: str, figure: str, most: float, text: str) -> Target:
    return Target(text=text, topic=store, ours=f"plimsoll@{store}", figure=figure, most=most)


def list_targets() -> list[Target]:
    """Every target, the ones of SQLite first."""
    return [target for store in ("sqlite", "postgresql") for target in list_store(store)] + [
        compare(
            *("sqlite", "stock_defaults@sqlite", "enqueue_per_second", 5.0),
            "enqueue 5 × stock with Django's default DATABASES",
        ),
        bound("sqlite", "busy_enqueue_p99_ms", 25.0, "enqueue p99 while draining at most 25 ms"),
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
        compare(
            *(store, f"plimsoll_unlimited@{store}", "drain_2_per_second", 0.9),
            "drain with 2 seats 0.9 × that without memory limits",
        ),
        bound(store, "watch_cpu_percent", 2.0, "watching 4 busy seats at most 2 % of a core"),
        bound(store, "pickup_p50_ms", 10.0, "pick-up p50 at most 10 ms"),
        bound(store, "pickup_p99_ms", 50.0, "pick-up p99 at most 50 ms"),
        bound(store, "idle_cpu_percent", 1.0, "idle CPU at most 1 % of a core"),
    ]
