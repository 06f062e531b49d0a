"""Clients that ask for fan-outs again and again: how many are answered, how soon, at what cost."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

import psutil

from bench.fanout.plan import Plan, write_get
from bench.fanout.sizes import Sizes
from bench.load_line.run import Upstream, run_upstream
from bench.queue.errors import NotMeasured
from bench.queue.measures.idle import MIB
from bench.queue.measures.measure import Figures, Measure
from bench.queue.module import ask_module, run_module
from bench.queue.trees import measure_cpu_seconds
from bench.web.memory import watch_memory
from bench.web.stage import Stage
from bench.web.systems.system import WebSystem

#: Of the asker, beyond the time in which it asks.
EXTRA_SECONDS = 60.0
#: What brings imports and buffers: so many clients, for so long.
WARM_CLIENTS, WARM_SECONDS = 2, 0.3

Choose = Callable[[Sizes], tuple[int, int]]


def measure_asking(name: str, choose: Choose) -> Measure:
    """Gives rates, milliseconds, MiB and percent of a core; `choose` gives clients and kB."""

    def take(stage: Stage[WebSystem], sizes: Sizes, known: Mapping[str, float]) -> Figures:
        client_count, url_kb = choose(sizes)
        with ExitStack() as stack:

            def run_upstreams(kb: int) -> list[Upstream]:
                return [
                    stack.enter_context(run_upstream(kb * 1000, sizes.delay_ms))
                    for _ in range(sizes.upstream_count)
                ]

            upstreams = run_upstreams(url_kb)
            if stage.system.command:
                first = upstreams if url_kb == sizes.small_kb else run_upstreams(sizes.small_kb)
                figures = ask_system(stage, sizes, client_count, url_kb, upstreams, first)
            else:
                figures = ask_upstreams(sizes, client_count, url_kb, upstreams)
        return {f"{name}_{figure}": value for figure, value in figures.items()}

    return Measure(name=name, take=take)


def ask_system(
    stage: Stage[WebSystem],
    sizes: Sizes,
    client_count: int,
    url_kb: int,
    upstreams: Sequence[Upstream],
    first: Sequence[Upstream],
) -> Figures:
    """`first` are asked to warm it up, with little, so that what is held when idle is no more."""

    def make_plan(
        port: int, asked: Sequence[Upstream], kb: int, count: int, seconds: float
    ) -> Plan:
        return Plan(
            ports=[port],
            request=write_fan_out(asked, sizes.url_count),
            client_count=count,
            seconds=seconds,
            least_bytes=sizes.url_count * kb * 1000,
        )

    def warm_up(port: int) -> None:
        ask(make_plan(port, first, sizes.small_kb, WARM_CLIENTS, WARM_SECONDS))

    with stage.run_web(warm_up) as web:
        before_seconds = web.workers.measure_cpu_seconds()
        plan = make_plan(web.port, upstreams, url_kb, client_count, sizes.seconds)
        with watch_memory(web.workers.roots) as memory:
            told, figures = ask_and_watch(plan, upstreams)
        used_seconds = web.workers.measure_cpu_seconds() - before_seconds
    return figures | {
        "added_mb": (memory.peak_bytes - web.idle_bytes) / MIB,
        "web_cpu_ms": 1000 * used_seconds / told["accepted"],
        "web_cpu_percent": 100 * used_seconds / told["seconds"],
    }


def write_fan_out(upstreams: Sequence[Upstream], url_count: int) -> str:
    """The request for so many different URLs, of all upstreams in turn."""
    urls = [f"{upstreams[n % len(upstreams)].url}/{n}" for n in range(url_count)]
    query = urlencode([("url", url) for url in urls])
    return write_get(f"/get_external_data?{query}", is_last=True)


def ask_upstreams(
    sizes: Sizes, client_count: int, url_kb: int, upstreams: Sequence[Upstream]
) -> Figures:
    """As many URLs at once as the clients have; a rate is divided by what a fan-out has of them."""
    plan = Plan(
        ports=[upstream.port for upstream in upstreams],
        request=write_get("/", is_last=False),
        client_count=client_count * sizes.url_count,
        seconds=sizes.seconds,
        least_bytes=url_kb * 1000,
        answer_bytes=upstreams[0].answer_bytes,
    )
    _, figures = ask_and_watch(plan, upstreams)
    return figures | {"per_second": figures["per_second"] / sizes.url_count}


def ask_and_watch(plan: Plan, upstreams: Sequence[Upstream]) -> tuple[dict[str, Any], Figures]:
    processes = [psutil.Process(upstream.pid) for upstream in upstreams]
    before_seconds = sum(measure_cpu_seconds(processes).values())
    told = ask(plan)
    used_seconds = sum(measure_cpu_seconds(processes).values()) - before_seconds
    if not told["accepted"]:
        raise NotMeasured(f"nothing but {told['refused']} × refused, {write_failures(told)}")
    return told, {
        "per_second": told["accepted"] / told["accepted_seconds"],
        "p50_ms": told["p50_ms"],
        "p99_ms": told["p99_ms"],
        "accepted": told["accepted"],
        "refused": told["refused"],
        "failed": sum(told["failures"].values()),
        "upstream_cpu_percent": 100 * used_seconds / told["seconds"],
        "asker_cpu_percent": 100 * told["cpu_seconds"] / told["seconds"],
        **{f"failed: {reason}": count for reason, count in told["failures"].items()},
    }


def write_failures(told: dict[str, Any]) -> str:
    """Such as "64 × answered 500"."""
    return ", ".join(f"{count} × {reason}" for reason, count in told["failures"].items())


def ask(plan: Plan) -> dict[str, Any]:
    """What the asker tells."""
    with run_module("bench.fanout.asker", stdin=subprocess.PIPE) as asker:
        told: dict[str, Any] = ask_module(asker, asdict(plan), plan.seconds + EXTRA_SECONDS)
        return told
