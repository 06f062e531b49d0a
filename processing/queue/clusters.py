"""Which clusters are alive, by what they last said of themselves."""

from __future__ import annotations

from django_q.status import Stat


def count_workers() -> int:
    """Worker processes of all clusters that spoke in the last seconds."""
    return sum(len(cluster.workers) for cluster in Stat.get_all())
