"""What Plimsoll's fan-out is to reach, and what the upstream must have left to tell."""

from __future__ import annotations

from bench.fanout.columns import name_measures
from bench.fanout.sizes import Sizes
from bench.load_line.sites.fan_out import TIMEOUT_SECONDS
from bench.queue.columns import Column
from bench.queue.records import Records
from bench.queue.target import Target
from bench.web.report import OURS

FLASK_FACTOR = 2.0
#: Plimsoll divided by plain aiohttp: within 1.25 × of it.
AIOHTTP_FACTOR = 1 / 1.25
UPSTREAM_FACTOR = 1.5
DEADLINE_MS = TIMEOUT_SECONDS * 1000
ADDED_MB = 40.0
DIVIDE = Column(figure="", heading="", more_is_better=True).divide


def list_targets(sizes: Sizes, records: Records, peers: list[str]) -> list[Target]:
    """Every target, in the order of the tables; `peers` are those that were to be measured."""
    names = name_measures(sizes)

    def compare(measure: str, peer: str, factor: float, text: str, ours: str = OURS) -> Target:
        return Target(
            text=text,
            topic=names[measure],
            ours=ours,
            figure=f"{measure}_per_second",
            peer=peer,
            divide=DIVIDE,
            least_factor=factor,
        )

    def bound(figure: str, most: float, text: str) -> Target:
        topic = names[figure.split("_")[0]]
        return Target(text=text, topic=topic, ours=OURS, figure=figure, most=most)

    return [
        compare("few", "flask", FLASK_FACTOR, "2 × the answers of Flask"),
        compare("few", "aiohttp", AIOHTTP_FACTOR, "within 1.25 × of plain aiohttp"),
        bound("many_p99_ms", DEADLINE_MS, f"p99 within the deadline of {TIMEOUT_SECONDS:g} s"),
        bound("large_added_mb", ADDED_MB, f"they add at most {ADDED_MB:g} MiB"),
        *(
            compare(
                measure,
                peer,
                UPSTREAM_FACTOR,
                f"the upstream alone gives {UPSTREAM_FACTOR:g} × what {peer} has",
                ours="upstream",
            )
            for measure in names
            if (peer := find_fastest(measure, records, peers))
        ),
    ]


def find_fastest(measure: str, records: Records, peers: list[str]) -> str:
    """Who has the most answers; empty where nobody has any."""
    medians = {peer: records.find_median(peer, f"{measure}_per_second") for peer in peers}
    measured = {peer: value for peer, value in medians.items() if value is not None}
    return max(measured, key=lambda peer: measured[peer], default="")
