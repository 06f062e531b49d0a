"""The command line of a bench of web processes."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.queue.measures.measure import Measure
from bench.queue.options import add_choice, add_sizes, choose_sizes
from bench.web.systems.system import WebSystem


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a run is to measure, and where. `sizes` are the bench's own."""

    systems: Sequence[WebSystem]
    measures: Sequence[Measure]
    sizes: Any
    folder: Path


def read_options(
    parser: argparse.ArgumentParser, offered: Options, quick: Any, words: list[str] | None = None
) -> Options:
    """Of what is offered, what the command line asks for; `quick` are the sizes of --quick.

    Ends the program where it makes no sense.
    """
    add_choice(parser, "systems", [system.name for system in offered.systems])
    add_choice(parser, "measures", [measure.name for measure in offered.measures])
    add_sizes(parser, type(offered.sizes))
    parser.add_argument(
        "--folder",
        type=Path,
        default=offered.folder,
        help="for all that is written, also while it is measured (%(default)s)",
    )
    given = parser.parse_args(words)
    return Options(
        systems=[system for system in offered.systems if system.name in given.systems],
        measures=[measure for measure in offered.measures if measure.name in given.measures],
        sizes=choose_sizes(given, quick if given.quick else offered.sizes),
        folder=given.folder.absolute(),
    )
