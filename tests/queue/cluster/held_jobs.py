"""A ledger without a wake-up, and jobs that its cluster holds."""

from __future__ import annotations

from typing import Any

import pytest

from processing.models import Job
from processing.queue.cluster import ledger as ledger_module
from processing.queue.cluster.ledger import Ledger
from processing.queue.cluster.options import ClusterOptions
from processing.queue.cluster_name import ClusterName
from tests.queue.cluster.fake_ledger import FakeWakeup
from tests.queue.cluster.in_hand import make_plan
from tests.queue.endings import make_running_job
from tests.queue.enqueued import QUEUE

OURS = ClusterName.of_this_process(2)


def make_ledger(monkeypatch: pytest.MonkeyPatch) -> Ledger:
    """The ledger of the cluster called OURS."""
    monkeypatch.setattr(ledger_module, "make_wakeup", lambda queue: FakeWakeup())
    # It closes connections that are in a transaction, as a test's is.
    monkeypatch.setattr(ledger_module, "scheduler", lambda broker: None)
    return Ledger(OURS, ClusterOptions(queue=QUEUE, plan=make_plan(), grace_seconds=3))


def make_held_job(**columns: Any) -> Job:
    """A job that OURS runs."""
    return make_running_job(claimed_by=str(OURS), **columns)
