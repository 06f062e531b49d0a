"""The figures that the tables show."""

from __future__ import annotations

from bench.queue.columns import Column
from bench.uploads.sizes import Sizes

#: The two ways of sending: the measure's name, and what the table is called.
WAYS = {"multipart": "multipart/form-data", "raw": "tus PATCH (others: PUT)"}


def list_columns(way: str, sizes: Sizes) -> list[Column]:
    """Of one table of whole uploads."""
    amounts = {
        "one": f"1 × {sizes.one_mb:,} MB",
        "many": f"{sizes.many_count} × {sizes.many_mb:,} MB",
    }
    return [
        column
        for amount, title in amounts.items()
        for column in (
            Column(figure=f"{way}_{amount}_seconds", heading=f"{title}: s", digits=2),
            Column(figure=f"{way}_{amount}_cpu_seconds", heading="CPU s", digits=2),
            Column(figure=f"{way}_{amount}_added_mb", heading="added MiB", digits=1),
        )
    ]


STALLED = (
    Column(figure="stalled_held", heading="open at the end"),
    Column(figure="stalled_added_mb", heading="added MiB", digits=1),
    Column(figure="stalled_post_p50_ms", heading="small post p50 ms", digits=1),
    Column(figure="stalled_post_slowest_ms", heading="slowest ms"),
)
