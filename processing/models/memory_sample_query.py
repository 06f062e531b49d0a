"""Questions about memory samples, each answered within a bound however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import F, Max, Q

#: Said in the same words by the partial index and by its queries, as SQLite wants it.
IS_ACTION = ~Q(action="")
#: One answer looks at so many samples at most, the newest: 200,000, a week of 20 processes, took
#: 0.7 s on PostgreSQL and 1.3 s on SQLite where this was measured.
MOST_SAMPLES = 300_000


@dataclass(frozen=True, kw_only=True)
class Span:
    """The most that one process held within one span of time.

    `number` counts the spans from the year 1970. `usage_bytes` and `quota_bytes` are the most of
    its machine then.
    """

    number: int
    host: str
    type: str
    name: str
    used_bytes: int
    usage_bytes: int
    quota_bytes: int


class SpanNumber(models.Func):
    """Which span of `seconds` a moment is in, counted from the year 1970."""

    output_field = models.BigIntegerField()

    def __init__(self, moment: str, *, seconds: int) -> None:
        super().__init__(moment, seconds=seconds)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """SQLite keeps moments as text."""
        template = "CAST(STRFTIME('%%%%s', %(expressions)s) AS INTEGER) / %(seconds)s"
        return self.as_sql(compiler, connection, template=template, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """Rounded down, as the division of whole numbers is."""
        template = "FLOOR(EXTRACT(EPOCH FROM %(expressions)s))::bigint / %(seconds)s"
        return self.as_sql(compiler, connection, template=template, **context)


class MemorySampleQuerySet(models.QuerySet[Any]):
    """Samples by age, actions, and what a chart draws."""

    def since(self, moment: datetime) -> MemorySampleQuerySet:
        """Samples of that moment and later."""
        return self.filter(at__gte=moment)

    def older_than(self, moment: datetime) -> MemorySampleQuerySet:
        """Samples from before that moment."""
        return self.filter(at__lt=moment)

    def with_action(self) -> MemorySampleQuerySet:
        """What was done or found, without the samples of each minute."""
        return self.filter(IS_ACTION)

    def newest_first(self) -> MemorySampleQuerySet:
        """In descending order of time."""
        return self.order_by("-at", "-id")

    def find_start(self, moment: datetime) -> datetime:
        """From where on there are MOST_SAMPLES at most; `moment` unless that would be more."""
        in_order = self.since(moment).order_by("-at").values_list("at", flat=True)
        start: datetime | None = in_order[MOST_SAMPLES : MOST_SAMPLES + 1].first()
        return start or moment

    def join_spans(self, start: datetime, *, seconds: int, count: int) -> Iterator[Span]:
        """What each process held at most within each span of `seconds`, from `start` on.

        Of the samples of each minute, for an action may be of no process. The newest span comes
        first; at most `count` rows. The database does the joining.
        """
        grouped = (
            self.since(start)
            .filter(action="")
            .annotate(span=SpanNumber("at", seconds=seconds))
            .values("span", "host", "type", "name")
            .annotate(Max("used_bytes"), Max("usage_bytes"), Max("quota_bytes"))
            .order_by(F("span").desc(), "host", "type", "name")
        )
        for row in grouped[:count].iterator():
            yield Span(
                number=row["span"],
                host=row["host"],
                type=row["type"],
                name=row["name"],
                used_bytes=row["used_bytes__max"],
                usage_bytes=row["usage_bytes__max"],
                quota_bytes=row["quota_bytes__max"],
            )
