"""Each accepted job against what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.load_line.ends import Ends
from bench.load_line.kinds import find_right_end

#: So many deviations are named one by one; all are counted.
MOST_NAMED = 50


@dataclass(frozen=True, kw_only=True)
class Accepted:
    """A job for which a client was told 202."""

    kind: str
    index: int
    job_id: str


@dataclass(kw_only=True)
class KindCount:
    """The jobs of one kind."""

    accepted: int = 0
    right: int = 0
    wrong: Counter[str] = field(default_factory=Counter)
    """Those with another end than the right one, by that end."""

    unfinished: int = 0


@dataclass(kw_only=True)
class Judgement:
    """What became of all of them: every accepted job is right, wrong, waiting or lost."""

    kinds: dict[str, KindCount] = field(default_factory=dict)
    waiting: int = 0
    """Not ended, and still kept by the system."""

    lost: int = 0
    """Not ended, and kept nowhere."""

    named: list[str] = field(default_factory=list)
    """The first deviations, such as "load_hog 19: failed worker_lost"."""

    @property
    def accepted(self) -> int:
        return sum(count.accepted for count in self.kinds.values())

    @property
    def right(self) -> int:
        return sum(count.right for count in self.kinds.values())

    @property
    def wrong(self) -> int:
        return sum(count.wrong.total() for count in self.kinds.values())

    def as_json(self) -> dict[str, Any]:
        """Sums first, then each kind."""
        sums = {name: getattr(self, name) for name in ("accepted", "right", "wrong")}
        kinds = {kind: {**vars(c), "wrong": dict(c.wrong)} for kind, c in self.kinds.items()}
        return {
            **sums,
            "waiting": self.waiting,
            "lost": self.lost,
            "kinds": kinds,
            "named": self.named,
        }


def read_accepted(path: Path) -> Iterator[Accepted]:
    """The lines of the load's file, in the order of the answers."""
    if path.exists():
        with path.open() as file:
            for line in file:
                kind, index, job_id = line.split()
                yield Accepted(kind=kind, index=int(index), job_id=job_id)


def count_unfinished(path: Path, ends: Ends) -> int:
    """How many accepted jobs have not ended yet."""
    return sum(job.job_id not in ends.final for job in read_accepted(path))


def judge(path: Path, ends: Ends) -> Judgement:
    """All accepted jobs of a run that is over."""
    judgement, unfinished = Judgement(), 0
    for job in read_accepted(path):
        count = judgement.kinds.setdefault(job.kind, KindCount())
        count.accepted += 1
        end = ends.final.get(job.job_id)
        if end == find_right_end(job.kind):
            count.right += 1
            continue
        if end is None:
            count.unfinished += 1
            unfinished += 1
        else:
            count.wrong[end] += 1
        if len(judgement.named) < MOST_NAMED:
            judgement.named.append(f"{job.kind} {job.index}: {end or 'not ended'}")
    judgement.waiting = min(unfinished, ends.waiting_count)
    judgement.lost = unfinished - judgement.waiting
    return judgement
