"""What the memory page shows: for each machine its processes and its quota, as points in time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils import timezone

from processing.models import MemorySample
from processing.models.memory_sample_query import Span

#: Of all machines together, the newest: 100 processes at 180 moments.
MOST_POINTS = 18_000
#: Charts on one page; the machines that were seen last come first.
MOST_MACHINES = 8
#: Actions that are marked and listed, the newest.
MOST_ACTIONS = 100


@dataclass(frozen=True, kw_only=True)
class Period:
    """A choice of the page: how far back it goes, and the seconds that a point stands for.

    A point stands for two samples or more, so that one which is a little late leaves no gap.
    `label` is how a moment of it is written, as strftime has it.
    """

    name: str
    length: timedelta
    point_seconds: int
    label: str


PERIODS = (
    Period(name="3 hours", length=timedelta(hours=3), point_seconds=120, label="%H:%M"),
    Period(name="24 hours", length=timedelta(hours=24), point_seconds=480, label="%H:%M"),
    Period(name="7 days", length=timedelta(days=7), point_seconds=3360, label="%a %d %H:%M"),
)


@dataclass(kw_only=True)
class Machine:
    """One host's processes of one type. Sizes are in bytes, by the number of their point.

    Points are counted from the year 1970.
    """

    host: str
    type: str
    used: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))
    usage: dict[int, int] = field(default_factory=dict)
    quota: dict[int, int] = field(default_factory=dict)
    actions: dict[str, dict[int, int]] = field(default_factory=lambda: defaultdict(dict))

    def add(self, span: Span) -> None:
        """One more point of one process."""
        self.used[span.name][span.number] = span.used_bytes
        self.usage[span.number] = max(span.usage_bytes, self.usage.get(span.number, 0))
        self.quota[span.number] = max(span.quota_bytes, self.quota.get(span.number, 0))


@dataclass(frozen=True, kw_only=True)
class MemoryPoints:
    """The machines, those seen last first, and the actions, the newest first.

    `is_cut` says that there was more in the period than is shown; the oldest was left out then.
    """

    period: Period
    machines: list[Machine]
    actions: list[MemorySample]
    is_cut: bool

    @property
    def numbers(self) -> range:
        """The points of the period, up to this moment."""
        return range(
            _count(timezone.now() - self.period.length, self.period),
            _count(timezone.now(), self.period) + 1,
        )


def find_points(period: Period) -> MemoryPoints:
    """Read what is shown of this period until now; the rows read are bounded."""
    wanted = timezone.now() - period.length
    start = MemorySample.objects.find_start(wanted)
    spans = MemorySample.objects.join_spans(start, seconds=period.point_seconds, count=MOST_POINTS)
    machines: dict[tuple[str, str], Machine] = {}
    count, is_cut = 0, start > wanted
    for span in spans:
        count += 1
        place = span.host, span.type
        if place in machines or len(machines) < MOST_MACHINES:
            machines.setdefault(place, Machine(host=span.host, type=span.type)).add(span)
        else:
            is_cut = True
    actions = MemorySample.objects.with_action().since(wanted).newest_first()[:MOST_ACTIONS]
    for action in actions:
        machine = machines.get((action.host, action.type))
        if machine is not None:
            machine.actions[action.action][_count(action.at, period)] = action.usage_bytes
    return MemoryPoints(
        period=period,
        machines=list(machines.values()),
        actions=list(actions),
        is_cut=is_cut or count == MOST_POINTS,
    )


def _count(moment: datetime, period: Period) -> int:
    return int(moment.timestamp()) // period.point_seconds
