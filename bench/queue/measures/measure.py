"""A measure: what is done on a stage, and the figures that it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

#: Such as {"drain_2_per_second": 812.4}.
Figures = dict[str, float]


@dataclass(frozen=True, kw_only=True)
class Measure:
    """`take(stage, sizes, known)` runs on a fresh stage of one contender, of its bench's own kind.

    `known` are the figures that this contender has given in this round. Raises NotMeasured.
    """

    name: str
    take: Callable[[Any, Any, Mapping[str, float]], Figures]
    systems: tuple[str, ...] = ()
    """The systems that it is taken of; all where it is empty."""
