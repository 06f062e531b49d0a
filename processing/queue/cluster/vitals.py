"""How a cluster is, as its supervisor sees it."""

from __future__ import annotations

from processing.queue.cluster.desk import Desk
from processing.queue.cluster.seats import Seats
from processing.queue.cluster.stat import Vitals
from processing.queue.cluster.stop import Stop


def describe_cluster(seats: Seats, desk: Desk, stop: Stop) -> Vitals:
    """What there is to say of it now."""
    return Vitals(
        seat_pids=tuple(link.pid for link in seats),
        running_count=seats.busy_count,
        ready_count=len(desk.ready) + seats.load.waiting_count,
        ending_count=desk.ending_count,
        restarts=max(0, seats.restarts),
        is_stopping=stop.is_asked,
    )
