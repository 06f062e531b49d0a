"""Whole uploads, one alone or many at once: how long they take, and what they cost the server."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from bench.queue.errors import NotMeasured
from bench.queue.measures.idle import MIB
from bench.queue.measures.measure import Figures, Measure
from bench.uploads import tus
from bench.uploads.exchange import exchange
from bench.uploads.pattern import find_digest
from bench.uploads.request import Answer, Request, post_form, send_raw
from bench.uploads.sizes import Sizes
from bench.uploads.systems.system import FORM_PATH, System
from bench.uploads.warm_web import run_warm_web
from bench.web.memory import watch_memory
from bench.web.stage import Stage, Web

MB = 1_000_000
Prepare = Callable[[Stage[System], Web, int], Request]


def measure_multipart(amount: str) -> Measure:
    """Gives seconds, CPU seconds and MiB of forms; `amount` is "one" or "many"."""
    return make_measure(f"multipart_{amount}", amount, prepare_form)


def measure_raw(amount: str) -> Measure:
    """Gives the same of files without a form: by tus or by PUT."""
    return make_measure(f"raw_{amount}", amount, prepare_raw)


def make_measure(name: str, amount: str, prepare: Prepare) -> Measure:
    def take(stage: Stage[System], sizes: Sizes, known: Mapping[str, float]) -> Figures:
        count, size_mb = (1, sizes.one_mb) if amount == "one" else (sizes.many_count, sizes.many_mb)
        figures = send(stage, prepare, count, size_mb * MB)
        return {f"{name}_{figure}": value for figure, value in figures.items()}

    return Measure(name=name, take=take)


def prepare_form(stage: Stage[System], web: Web, size_bytes: int) -> Request:
    return post_form(FORM_PATH, size_bytes)


def prepare_raw(stage: Stage[System], web: Web, size_bytes: int) -> Request:
    if stage.system.speaks_tus:
        return tus.prepare_patch(web.port, size_bytes)
    return send_raw("PUT", FORM_PATH, size_bytes, {"Content-Type": "application/octet-stream"})


def send(stage: Stage[System], prepare: Prepare, count: int, size_bytes: int) -> Figures:
    with run_warm_web(stage) as web:
        requests = [prepare(stage, web, size_bytes) for _ in range(count)]
        before_seconds = web.workers.measure_cpu_seconds()
        with watch_memory(web.workers.roots) as memory:
            outcome = exchange(web.port, requests)
        cpu_seconds = web.workers.measure_cpu_seconds() - before_seconds
        check(stage, requests, outcome.answers)
    return {
        "seconds": outcome.seconds,
        "cpu_seconds": cpu_seconds,
        "added_mb": (memory.peak_bytes - web.idle_bytes) / MIB,
    }


def check(stage: Stage[System], requests: Sequence[Request], answers: Sequence[Answer]) -> None:
    """Raises NotMeasured where a server did less than was asked of it."""
    for answer in answers:
        if not 200 <= answer.status < 300:
            raise NotMeasured(f"answered {answer.status or 'nothing'}: {answer.body[:500]}")
    if stage.system.keeps == "nothing":
        return
    if requests[0].method == "PATCH":
        tus.check(stage.place.url, requests, answers)
        return
    bytes_kept, sha256 = expect(stage.system.keeps, requests[0])
    for answer in answers:
        told = json.loads(answer.body)
        if told["bytes"] != bytes_kept or (stage.system.hashes and told["sha256"] != sha256):
            raise NotMeasured(f"kept something else than was sent: {answer.body[:500]}")


def expect(keeps: str, request: Request) -> tuple[int, str]:
    """The length and the SHA-256 of what is to be kept of a request."""
    parts = (request.before, request.after) if keeps == "body" else ("", "")
    before, after = (part.encode() for part in parts)
    length = len(before) + request.size_bytes + len(after)
    return length, find_digest(before, request.size_bytes, after)
