"""The command line of `python -m bench.load_line`."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from bench.load_line.sizes import QUICK, Sizes
from bench.load_line.systems import SYSTEMS
from bench.load_line.systems.system import System
from bench.queue.options import (
    POSTGRESQL_URL,
    add_choice,
    add_sizes,
    choose_sizes,
)

STORES = ("sqlite", "postgresql")


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a run is to measure, and where."""

    systems: tuple[System, ...]
    store: str
    postgresql_url: str
    sizes: Sizes
    folder: Path
    keeps_files: bool


def read_options(words: list[str] | None = None) -> Options:
    """The options of the command line. Ends the program where they make no sense."""
    given = make_parser().parse_args(words)
    return Options(
        systems=tuple(system for system in SYSTEMS if system.name in given.systems),
        store=given.store,
        postgresql_url=given.postgresql,
        sizes=choose_sizes(given, QUICK if given.quick else Sizes()),
        folder=given.folder.absolute(),
        keeps_files=given.keep_files,
    )


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="make bench-load-line",
        description="Runs Plimsoll and two others under a memory quota and the same heavy load.",
    )
    add_choice(parser, "systems", [system.name for system in SYSTEMS])
    add_sizes(parser, Sizes)
    parser.add_argument("--store", choices=STORES, default=STORES[0], help="default: %(default)s")
    parser.add_argument("--postgresql", default=POSTGRESQL_URL, metavar="URL", help="%(default)s")
    parser.add_argument(
        "--folder", type=Path, default=Path("var/bench"), help="for what is written (%(default)s)"
    )
    parser.add_argument(
        "--keep-files", action="store_true", help="keep logs, samples and uploads too"
    )
    return parser
