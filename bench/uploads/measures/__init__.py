"""The measures, in the order in which each round takes them."""

from __future__ import annotations

from bench.uploads.measures.sending import measure_multipart, measure_raw
from bench.uploads.measures.stalled import measure_stalled

MEASURES = (
    measure_multipart("one"),
    measure_multipart("many"),
    measure_raw("one"),
    measure_raw("many"),
    measure_stalled(),
)
