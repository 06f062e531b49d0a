"""A machine's memory in the form of Chart.js, which comes with the theme."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from processing.admin.memory_points import Machine, MemoryPoints, Period
from processing.memory.sizes import PAUSE_SHARE
from processing.memory.units import MIB

#: Quota, the line below it and usage are lines, processes are areas, and actions triangles.
QUOTA_COLOUR, LINE_COLOUR, USAGE_COLOUR, ACTION_COLOUR = "#dc2626", "#f59e0b", "#6b7280", "#9333ea"
PROCESS_COLOURS = ("#0ea5e9", "#14b8a6", "#6366f1", "#84cc16", "#f97316", "#ec4899", "#a8a29e")
#: The opacity of an area, as two more digits of its colour.
AREA_OPACITY = "55"
TEXT_COLOUR = "#9ca3af"

OPTIONS = json.dumps(
    {
        "animation": False,
        "responsive": True,
        "maintainAspectRatio": False,
        "interaction": {"mode": "index", "intersect": False},
        "plugins": {
            "legend": {
                "position": "bottom",
                "labels": {"color": TEXT_COLOUR, "usePointStyle": True},
            }
        },
        "scales": {
            "x": {
                "grid": {"display": False},
                "ticks": {"color": TEXT_COLOUR, "maxTicksLimit": 12, "maxRotation": 0},
            },
            "y": {
                "stacked": True,
                "beginAtZero": True,
                "grid": {"lineWidth": 1},
                "ticks": {"color": TEXT_COLOUR},
                "title": {"display": True, "text": "MB", "color": TEXT_COLOUR},
            },
        },
    }
)


def draw_machine(machine: Machine, points: MemoryPoints) -> str:
    """The JSON of a chart: labels and data sets, sizes in MB (of 1024 × 1024 bytes)."""
    numbers = points.numbers
    lines = [
        *_draw_actions(machine, numbers),
        _draw_line("quota", machine.quota, numbers, QUOTA_COLOUR, dash=(6, 4)),
        _draw_line(
            f"{PAUSE_SHARE:.0%} of it",
            {number: int(PAUSE_SHARE * size) for number, size in machine.quota.items()},
            numbers,
            LINE_COLOUR,
            dash=(2, 4),
        ),
        _draw_line("in use", machine.usage, numbers, USAGE_COLOUR),
        *_draw_processes(machine, numbers),
    ]
    labels = [_write_moment(number, points.period) for number in numbers]
    return json.dumps({"labels": labels, "datasets": lines})


def _write_moment(number: int, period: Period) -> str:
    zone = timezone.get_current_timezone()
    return datetime.fromtimestamp(number * period.point_seconds, zone).strftime(period.label)


def _draw_line(
    name: str,
    sizes: Mapping[int, int],
    numbers: Sequence[int],
    colour: str,
    *,
    dash: Sequence[int] = (),
) -> dict[str, Any]:
    """A line that is not put upon another: it has a stack of its own."""
    found = [sizes.get(number) for number in numbers]
    return {
        "label": name,
        "data": [None if size is None else round(size / MIB, 1) for size in found],
        "borderColor": colour,
        "backgroundColor": colour,
        "borderWidth": 2,
        "borderDash": list(dash),
        "pointRadius": 0,
        "pointStyle": "line",
        "stack": name,
    }


def _draw_processes(machine: Machine, numbers: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Areas upon each other: together they are what the processes hold."""
    for place, name in enumerate(sorted(machine.used, key=_order_name)):
        colour = PROCESS_COLOURS[place % len(PROCESS_COLOURS)]
        yield _draw_line(name, machine.used[name], numbers, colour) | {
            "backgroundColor": colour + AREA_OPACITY,
            "borderWidth": 1,
            "fill": "-1" if place else "origin",
            "pointStyle": "rect",
            "stack": "processes",
        }


def _draw_actions(machine: Machine, numbers: Sequence[int]) -> Iterator[dict[str, Any]]:
    """A triangle at the usage of each; every kind has its name in the legend."""
    mark = {"showLine": False, "pointStyle": "triangle", "pointRadius": 6}
    for kind, usage in sorted(machine.actions.items()):
        yield _draw_line(kind, usage, numbers, ACTION_COLOUR) | mark


def _order_name(name: str) -> tuple[str, int]:
    """ "seat 10" after "seat 9"."""
    word, _, number = name.partition(" ")
    return word, int(number) if number.isdecimal() else 0
