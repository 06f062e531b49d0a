"""What Plimsoll's uploads are to reach, and how fast the sender must be to tell."""

from __future__ import annotations

from bench.queue.columns import Column
from bench.queue.target import Target
from bench.uploads.columns import WAYS
from bench.uploads.sizes import Sizes

#: The sender beside the fastest that it measures.
SENDER_FACTOR = 1.5
#: The bare loop with a hash, divided by Plimsoll: within 1.3 × of it.
TUS_FACTOR = 1 / 1.3
#: Of a figure that is better when it is less: all of them are.
DIVIDE = Column(figure="", heading="").divide


def compare(figure: str, peer: str, least_factor: float, text: str) -> Target:
    return Target(
        text=text,
        topic=WAYS[figure.split("_")[0]],
        ours="plimsoll",
        figure=figure,
        peer=peer,
        divide=DIVIDE,
        least_factor=least_factor,
    )


def bound(topic: str, figure: str, most: float, text: str) -> Target:
    return Target(text=text, topic=topic, ours="plimsoll", figure=figure, most=most)


def list_targets(sizes: Sizes) -> list[Target]:
    """Every target, in the order of the tables."""
    one = f"1 × {sizes.one_mb:,} MB"
    many = f"{sizes.many_count} × {sizes.many_mb:,} MB"
    stalled = f"{sizes.stalled_count} stalled"
    return [
        compare("multipart_one_seconds", "flask", 2.5, f"{one} 2.5 × as fast as Flask"),
        compare("multipart_one_seconds", "django", 1.0, f"{one} ahead of Django without a hash"),
        compare("raw_one_seconds", "bare_hash", TUS_FACTOR, f"{one} within 1.3 × of the bare loop"),
        compare(
            *("raw_many_seconds", "bare_hash", TUS_FACTOR), f"{many} within 1.3 × of the bare loop"
        ),
        *(
            bound(title, f"{way}_many_added_mb", 30.0, f"{many} add at most 30 MiB")
            for way, title in WAYS.items()
        ),
        bound(stalled, "stalled_added_mb", 60.0, "they add at most 60 MiB"),
        bound(stalled, "stalled_post_slowest_ms", 1000.0, "a small post is answered within 1 s"),
        Target(
            text=f"{SENDER_FACTOR:g} × as fast as the fastest server here",
            topic="the sender",
            ours="sink",
            figure="raw_one_seconds",
            peer="bare",
            divide=DIVIDE,
            least_factor=SENDER_FACTOR,
        ),
    ]
