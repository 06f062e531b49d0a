"""The command line of `python -m bench.queue`."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, TypeVar

from bench.queue.measures import MEASURES
from bench.queue.measures.measure import Measure
from bench.queue.sizes import QUICK, Sizes
from bench.queue.systems import SYSTEMS
from bench.queue.systems.system import System

S = TypeVar("S")

POSTGRESQL_URL = "postgres://postgres@127.0.0.1:5432/postgres"
REDIS_URL = "redis://127.0.0.1:6379/11"
KINDS = ("sqlite", "postgresql", "redis")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a run is to measure, and where."""

    systems: tuple[System, ...]
    kinds: tuple[str, ...]
    measures: tuple[Measure, ...]
    sizes: Sizes
    postgresql_url: str
    redis_url: str
    folder: Path


def read_options(words: list[str] | None = None) -> Options:
    """The options of the command line. Ends the program where they make no sense."""
    given = make_parser().parse_args(words)
    return Options(
        systems=tuple(system for system in SYSTEMS if system.name in given.systems),
        kinds=tuple(given.stores),
        measures=tuple(measure for measure in MEASURES if measure.name in given.measures),
        sizes=choose_sizes(given, QUICK if given.quick else Sizes()),
        postgresql_url=given.postgresql,
        redis_url=given.redis,
        folder=given.folder.absolute(),
    )


def choose_sizes(given: argparse.Namespace, sizes: S) -> S:
    """`sizes`, a dataclass, with what the command line has for any of its fields instead."""
    chosen = {field.name: getattr(given, field.name) for field in fields(sizes)}
    return replace(sizes, **{name: value for name, value in chosen.items() if value})


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make bench", description="Measures Plimsoll's queue beside its peers."
    )
    add_choice(parser, "systems", [system.name for system in SYSTEMS])
    add_choice(parser, "stores", list(KINDS))
    add_choice(parser, "measures", [measure.name for measure in MEASURES])
    parser.add_argument("--quick", action="store_true", help="one round of next to nothing")
    for name, kind, what in (
        ("rounds", read_count, "rounds"),
        ("task_count", read_count, "no-ops in one drain"),
        ("busy_count", read_count, "no-ops sent while workers drain"),
        ("pickup_count", read_count, "tasks sent to idle workers"),
        ("idle_seconds", read_seconds, "how long idle workers are watched"),
        ("deep_count", read_count, "jobs of the deep queue"),
    ):
        option = f"--{name.replace('_', '-')}"
        parser.add_argument(option, type=kind, help=f"{what} ({getattr(Sizes(), name)})")
    parser.add_argument("--postgresql", default=POSTGRESQL_URL, metavar="URL", help="%(default)s")
    parser.add_argument(
        "--redis",
        default=REDIS_URL,
        metavar="URL",
        help="%(default)s; what is in this numbered database is lost",
    )
    parser.add_argument(
        "--folder", type=Path, default=Path("var/bench"), help="for what is written (%(default)s)"
    )
    return parser


def add_choice(parser: argparse.ArgumentParser, name: str, values: list[str]) -> None:
    parser.add_argument(
        f"--{name}", nargs="+", choices=values, default=values, help="all, unless some are named"
    )


def add_sizes(parser: argparse.ArgumentParser, sizes: type[Any]) -> None:
    """--quick, and an option for each field of the bench's sizes."""
    parser.add_argument("--quick", action="store_true", help="one round of next to nothing")
    for field in fields(sizes):
        kind = read_seconds if field.type == "float" else read_count
        option = f"--{field.name.replace('_', '-')}"
        parser.add_argument(option, type=kind, help=f"default: {field.default:g}")


def read_count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError(f"{text} makes no sense; it must be 1 or more")
    return count


def read_seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < 3600:
        raise argparse.ArgumentTypeError(f"{text} makes no sense; it must be under 3600 seconds")
    return seconds
