"""Many uploads that send a little and then nothing: what they hold, and who else is served."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator, Mapping
from contextlib import closing
from statistics import median

from bench.queue.errors import NotMeasured
from bench.queue.measures.idle import MIB
from bench.queue.measures.measure import Figures, Measure
from bench.uploads.exchange import exchanging
from bench.uploads.measures.sending import MB
from bench.uploads.request import post_form
from bench.uploads.sizes import Sizes
from bench.uploads.systems.system import FORM_PATH, POST_PATH, System
from bench.uploads.warm_web import run_warm_web
from bench.web.memory import watch_memory
from bench.web.stage import Stage

#: What each announces, and what it sends.
ANNOUNCED_BYTES, SENT_BYTES = 2 * MB, MB
EVERY_SECONDS = 0.1
#: After so long an answer is not waited for, and no more is asked.
PATIENCE_SECONDS = 10.0


def measure_stalled() -> Measure:
    """Gives MiB, and the milliseconds of small posts meanwhile."""
    return Measure(name="stalled", take=take, systems=("plimsoll", "django", "flask"))


def take(stage: Stage[System], sizes: Sizes, known: Mapping[str, float]) -> Figures:
    request = post_form(FORM_PATH, ANNOUNCED_BYTES, sent_bytes=SENT_BYTES)
    with run_warm_web(stage) as web:
        list(time_posts(web.port, 0.0))  # the first one is slower
        with (
            watch_memory(web.workers.roots) as memory,
            exchanging(web.port, [request] * sizes.stalled_count) as outcome,
        ):
            waits = list(time_posts(web.port, sizes.stalled_seconds))
            held_count = outcome.count_open()
    return {
        "stalled_added_mb": (memory.peak_bytes - web.idle_bytes) / MIB,
        "stalled_held": held_count,
        "stalled_post_p50_ms": median(waits) * 1000,
        "stalled_post_slowest_ms": max(waits) * 1000,
    }


def time_posts(port: int, seconds: float) -> Iterator[float]:
    """How long each answer took, in seconds; at least one, and none after one that did not come."""
    until = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        is_answered = post(port)
        yield time.monotonic() - began
        if not is_answered or time.monotonic() >= until:
            return
        time.sleep(EVERY_SECONDS)


def post(port: int) -> bool:
    """Send a small post; whether it was answered in time. Raises NotMeasured for a refusal."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)
    try:
        with closing(connection):
            headers = {"Content-Type": "application/json", "Connection": "close"}
            connection.request("POST", POST_PATH, body=b'{"small": true}', headers=headers)
            answer = connection.getresponse()
            text = answer.read()
    except (OSError, http.client.HTTPException):
        return False
    if answer.status != http.client.ACCEPTED:
        raise NotMeasured(f"a small post was answered {answer.status}: {text[:200]!r}")
    return True
