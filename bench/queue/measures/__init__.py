"""The measures, in the order in which each round takes them."""

from __future__ import annotations

from bench.queue.measures.busy import measure_busy
from bench.queue.measures.drain import SEATS, measure_drain
from bench.queue.measures.growth import measure_growth
from bench.queue.measures.idle import measure_idle
from bench.queue.measures.watch import measure_watch

MEASURES = (
    *(measure_drain(seats) for seats in SEATS),
    measure_busy(),
    measure_idle(),
    measure_watch(),
    measure_growth(),
)
