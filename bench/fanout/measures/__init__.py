"""The measures, in the order in which each round takes them."""

from __future__ import annotations

from bench.fanout.measures.asking import measure_asking

MEASURES = (
    measure_asking("few", lambda sizes: (sizes.few_clients, sizes.small_kb)),
    measure_asking("many", lambda sizes: (sizes.many_clients, sizes.small_kb)),
    measure_asking("large", lambda sizes: (sizes.few_clients, sizes.large_kb)),
)
