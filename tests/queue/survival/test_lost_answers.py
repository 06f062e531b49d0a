"""PostgreSQL commits, and its answer does not arrive: nothing is lost, and nothing counts twice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection
from django_q.models import Task

from processing.models import Job
from tests.queue.survival.keeper import keep_cluster
from tests.queue.survival.marks import BEGIN_SECONDS, read_marks, wait_for_marks
from tests.queue.survival.outage import make_proxy
from tests.queue.survival.proxy import Proxy
from tests.queue.survival.work import enqueue, outcomes_of, wait_until_done
from tests.service import wait_for

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="between SQLite and its client nothing gets lost"
    ),
]

#: What the statements say that claim and that settle.
CLAIM = b"deliveries = deliveries + 1"
SETTLE = b"SET state = 'succeeded'"
#: Well before a lease of 15 s ends.
AT_ONCE_SECONDS = 10.0


@pytest.fixture
def proxied(transactional_db: None) -> Iterator[tuple[Proxy, str]]:
    """A proxy, and the DATABASE_URL that leads through it."""
    proxy, url = make_proxy()
    yield proxy, url
    proxy.refuse()


def test_jobs_whose_claim_or_end_was_committed_unheard_run_once(
    proxied: tuple[Proxy, str], tmp_path: Path
) -> None:
    proxy, url = proxied
    marks, go = tmp_path / "marks", tmp_path / "go"
    job_id = enqueue("run_until", marks, go, 60.0)
    proxy.lose_answer(CLAIM)
    with keep_cluster(tmp_path, "--seats", "1", DATABASE_URL=url) as keeper:
        wait_for(proxy.has_lost.is_set, BEGIN_SECONDS, "there was no claim")
        wait_for(lambda: read_marks(marks, "begin"), AT_ONCE_SECONDS, "the job was not begun")
        proxy.lose_answer(SETTLE)
        go.touch()
        wait_for_marks(marks, "end", 1)
        wait_for(proxy.has_lost.is_set, AT_ONCE_SECONDS, "it was not settled")
        enqueue("run_marked", marks, 0)
        wait_until_done("run_marked", AT_ONCE_SECONDS)
        assert f"job {job_id.hex}:2 was no longer ours" in keeper.cluster.log
    job = Job.objects.get(pk=job_id)
    assert outcomes_of(job) == [("worker_lost", False), ("succeeded", True)]
    assert Task.objects.get(pk=job_id.hex).attempt_count == 1
    assert len(read_marks(marks, "begin")) == 2
