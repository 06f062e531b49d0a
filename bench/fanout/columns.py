"""The figures that the tables show."""

from __future__ import annotations

from bench.fanout.sizes import Sizes
from bench.queue.columns import Column


def name_measures(sizes: Sizes) -> dict[str, str]:
    """What the tables are called, by the measure."""
    small = f"{sizes.url_count} URLs × {sizes.delay_ms} ms × {sizes.small_kb:,} kB"
    large = f"{sizes.url_count} URLs × {sizes.delay_ms} ms × {sizes.large_kb:,} kB"
    return {
        "few": f"{small}, {sizes.few_clients} clients",
        "many": f"{small}, {sizes.many_clients} clients",
        "large": f"{large}, {sizes.few_clients} clients",
    }


def list_speeds(measure: str) -> list[Column]:
    """Those that Plimsoll is compared by."""
    return [
        Column(figure=f"{measure}_per_second", heading="answers /s", digits=1, more_is_better=True),
        Column(figure=f"{measure}_p50_ms", heading="p50 ms"),
        Column(figure=f"{measure}_p99_ms", heading="p99 ms"),
        Column(figure=f"{measure}_web_cpu_ms", heading="CPU ms each", digits=1),
    ]


def list_columns(measure: str) -> list[Column]:
    """Of one table."""
    return [
        *list_speeds(measure),
        Column(figure=f"{measure}_refused", heading="refused (503)"),
        Column(figure=f"{measure}_failed", heading="failed"),
        Column(figure=f"{measure}_added_mb", heading="added MiB", digits=1),
        Column(figure=f"{measure}_web_cpu_percent", heading="CPU %: web"),
        Column(figure=f"{measure}_upstream_cpu_percent", heading="upstream"),
        Column(figure=f"{measure}_asker_cpu_percent", heading="clients"),
    ]
