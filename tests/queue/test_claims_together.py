"""Claims of several clusters at once: real connections, on the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from itertools import islice
from threading import Barrier

import pytest
from django.db import connection, transaction

from processing.models import Job
from processing.queue.claims import claim_chosen, claim_jobs
from processing.queue.due import Due
from tests.queue.enqueued import QUEUE, enqueue

pytestmark = pytest.mark.django_db(transaction=True)

CLUSTERS = "abcd"
JOB_COUNT = 60
CLAIM_COUNT = 4
#: Long enough for a claim that need not wait, in seconds.
MEANWHILE_SECONDS = 0.5


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(len(CLUSTERS)) as pool:
        yield pool


def claim(claimant: str) -> list[str]:
    claims = claim_jobs(QUEUE, claimant=claimant, count=CLAIM_COUNT)
    return [str(claim.delivery) for claim in claims]


def choose_and_claim(claimant: str) -> list[str]:
    def choose(due: Iterable[Due]) -> list[Due]:
        return list(islice(due, CLAIM_COUNT))

    claims = claim_chosen(QUEUE, claimant=claimant, choose=choose)
    return [str(claim.delivery) for claim in claims]


both_ways = pytest.mark.parametrize("claim", [claim, choose_and_claim])


@both_ways
def test_clusters_that_claim_all_the_time_never_get_the_same_job(
    threads: ThreadPoolExecutor, claim: Callable[[str], list[str]]
) -> None:
    for _ in range(JOB_COUNT):
        enqueue()
    start = Barrier(len(CLUSTERS), timeout=20)

    def claim_all(claimant: str) -> list[str]:
        start.wait()
        taken = []
        while Job.objects.filter(state="queued").exists():  # others may be faster with a choice
            taken += claim(claimant)
        connection.close()
        return taken

    taken = [name for part in threads.map(claim_all, CLUSTERS) for name in part]
    assert len(taken) == len(set(taken)) == JOB_COUNT
    assert Job.objects.filter(deliveries=1).count() == JOB_COUNT


def test_what_another_cluster_is_just_claiming_is_skipped(threads: ThreadPoolExecutor) -> None:
    for _ in range(2 * CLAIM_COUNT):
        enqueue()

    def claim_and_close() -> list[str]:
        try:
            return claim("b")
        finally:
            connection.close()

    with transaction.atomic():
        ours = claim("a")
        theirs: Future[list[str]] = threads.submit(claim_and_close)
        wait([theirs], MEANWHILE_SECONDS)
        # SQLite has one writer: there the other waits until this transaction ends.
        assert theirs.done() == (connection.vendor == "postgresql")
    both = {*ours, *theirs.result(timeout=20)}
    assert len(both) == 2 * CLAIM_COUNT


def test_a_choice_does_not_wait_for_what_another_cluster_is_just_claiming(
    threads: ThreadPoolExecutor,
) -> None:
    for _ in range(CLAIM_COUNT):
        enqueue()

    def choose_and_close() -> list[str]:
        try:
            return choose_and_claim("b")
        finally:
            connection.close()

    with transaction.atomic():
        ours = claim("a")
        theirs: Future[list[str]] = threads.submit(choose_and_close)
        wait([theirs], MEANWHILE_SECONDS)
        assert theirs.done() == (connection.vendor == "postgresql")
    assert (len(ours), theirs.result(timeout=20)) == (CLAIM_COUNT, [])
