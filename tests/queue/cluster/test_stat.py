"""What a cluster says of itself, as django-q2 reads it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django_q.conf import Conf
from django_q.status import Stat

from processing.queue.cluster.stat import PUBLISH_SECONDS, StatBoard, Vitals
from processing.queue.clusters import count_workers

IDLE = Vitals(
    seat_pids=(101, 102),
    running_count=0,
    ready_count=0,
    ending_count=0,
    restarts=3,
    is_stopping=False,
)
NOW = 1000.0


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({}, Conf.IDLE),
        ({"running_count": 1}, Conf.WORKING),
        ({"ready_count": 1}, Conf.WORKING),
        ({"ending_count": 1}, Conf.WORKING),
        ({"is_stopping": True}, Conf.STOPPING),
        ({"is_stopping": True, "running_count": 1}, Conf.STOPPING),
        ({"is_stopping": True, "has_stopped": True}, Conf.STOPPED),
    ],
)
def test_the_state_is_told_in_django_q2s_words(changes: dict[str, int], status: str) -> None:
    assert replace(IDLE, **changes).status == status


@pytest.mark.django_db
def test_what_was_published_is_read_by_django_q2() -> None:
    board = StatBoard(template_pid=100, pid=200)
    board.publish(NOW, replace(IDLE, running_count=1, ready_count=4, ending_count=5))
    [stat] = Stat.get_all()
    assert (stat.pid, stat.sentinel, stat.workers) == (100, 200, [101, 102])
    assert (stat.task_q_size, stat.done_q_size, stat.reincarnations) == (4, 5, 3)
    assert (stat.status, stat.cluster_id) == (Conf.WORKING, board.cluster_id)
    assert stat.uptime() >= 0
    assert count_workers() == 2


@pytest.mark.django_db
def test_the_last_word_replaces_the_one_before() -> None:
    board = StatBoard(template_pid=100, pid=200)
    board.publish(NOW, IDLE)
    board.publish(NOW + 1, replace(IDLE, seat_pids=(7,), running_count=1))
    [stat] = Stat.get_all()
    assert (stat.workers, stat.status) == ([7], Conf.WORKING)


@pytest.mark.django_db
def test_a_cluster_that_has_stopped_is_seen_no_more() -> None:
    board, other = StatBoard(template_pid=100, pid=200), StatBoard(template_pid=300, pid=400)
    board.publish(NOW, IDLE)
    other.publish(NOW, IDLE)
    board.publish(NOW, replace(IDLE, is_stopping=True, has_stopped=True))
    assert [stat.cluster_id for stat in Stat.get_all()] == [other.cluster_id]


@pytest.mark.django_db
def test_it_is_time_to_publish_at_the_start_and_then_from_time_to_time() -> None:
    board = StatBoard(template_pid=100, pid=200)
    assert board.next_at() <= 0
    board.publish(NOW, IDLE)
    assert board.next_at() == NOW + PUBLISH_SECONDS
