"""What clusters say of themselves, and the commands of django-q2 that show it."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django_q.conf import Conf
from django_q.monitor_terminal import BLESSED_INSTALL_MESSAGE
from django_q.status import Stat
from django_q.tasks import async_task

from tests.cluster import RunningCluster, run_cluster
from tests.queue.django_q2 import plain_terminal, tasks
from tests.queue.django_q2.outcomes import END_SECONDS, wait_for_task
from tests.service import wait_for

#: Longer than a cluster that is gone is believed to live.
GONE_SECONDS = 12.0


@pytest.fixture
def blessed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The package, as far as django-q2 needs it."""
    monkeypatch.setitem(sys.modules, "blessed", plain_terminal)


def find_stat(cluster: RunningCluster) -> Any:
    """What a cluster says of itself, or None."""
    stats = [stat for stat in Stat.get_all() if stat.pid == cluster.process.pid]
    return stats[0] if stats else None


def wait_for_state(cluster: RunningCluster, state: Any) -> Any:
    wait_for(
        lambda: (stat := find_stat(cluster)) is not None and stat.status == state,
        END_SECONDS,
        f"the cluster does not say {state}",
    )
    return find_stat(cluster)


def test_a_cluster_says_which_processes_it_has(cluster: RunningCluster) -> None:
    stat = wait_for_state(cluster, Conf.IDLE)
    assert stat.host == socket.gethostname()
    assert stat.sentinel == cluster.supervisor.pid
    wait_for(
        lambda: sorted(find_stat(cluster).workers) == sorted(seat.pid for seat in cluster.seats),
        END_SECONDS,
        "other seats than there are",
    )
    assert (stat.monitor, stat.pusher) == (0, 0), "these processes are not needed"
    assert stat.uptime() > 0
    assert stat.empty_queues()


def test_a_cluster_says_whether_it_works(cluster: RunningCluster, notes: str) -> None:
    task_id = async_task(tasks.note_and_wait, notes, "waits")
    wait_for_state(cluster, Conf.WORKING)
    Path(f"{notes}.go").touch()
    wait_for_task(task_id)
    wait_for_state(cluster, Conf.IDLE)


def test_a_seat_that_was_replaced_counts_as_a_reincarnation(
    cluster: RunningCluster, notes: str
) -> None:
    before = wait_for_state(cluster, Conf.IDLE).reincarnations
    async_task(tasks.die_once, notes)
    wait_for(
        lambda: find_stat(cluster).reincarnations == before + 1, END_SECONDS, "it is not counted"
    )


def test_a_cluster_is_seen_while_it_runs_and_not_longer(
    cluster: RunningCluster, tmp_path: Path
) -> None:
    with run_cluster(tmp_path, "--name", "seen", "--seats", "3") as other:
        stat = wait_for_state(other, Conf.IDLE)
        wait_for(lambda: len(find_stat(other).workers) == 3, END_SECONDS, "seats are missing")
        assert Stat.get(stat.pid, stat.cluster_id).sentinel == other.supervisor.pid
        assert find_stat(cluster) is not None
    wait_for(lambda: find_stat(other) is None, GONE_SECONDS, "a dead cluster is seen")
    assert Stat.get(stat.pid, stat.cluster_id).status == Conf.STOPPED
    assert find_stat(cluster) is not None


@pytest.mark.parametrize("command", ["qinfo", "qmonitor", "qmemory"])
def test_without_blessed_the_commands_say_what_to_install(
    cluster: RunningCluster,
    command: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setitem(sys.modules, "blessed", None)
    call_command(command)
    assert BLESSED_INSTALL_MESSAGE in capsys.readouterr().out


def test_the_ids_of_the_clusters_are_told(
    cluster: RunningCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    stat = wait_for_state(cluster, Conf.IDLE)
    call_command("qinfo", ids=True)
    assert str(stat.cluster_id) in capsys.readouterr().out


@pytest.mark.usefixtures("blessed")
def test_info_counts_what_there_is(
    cluster: RunningCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    wait_for_task(async_task(tasks.add, 1))
    wait_for_task(async_task(tasks.fail, ack_failure=True))
    wait_for_state(cluster, Conf.IDLE)
    clusters = Stat.get_all()
    call_command("qinfo")
    out = capsys.readouterr().out
    seats = sum(len(stat.workers) for stat in clusters)
    assert f"Clusters{len(clusters)}Workers{seats}" in out.replace(" ", "")
    assert "Queued0Successes1Failures1" in out.replace(" ", "")
    assert "Plimsoll jobs in" in out


@pytest.mark.usefixtures("blessed")
def test_the_monitor_shows_each_cluster(
    cluster: RunningCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    stat = wait_for_state(cluster, Conf.IDLE)
    call_command("qmonitor", run_once=True)
    lines = capsys.readouterr().out.split("\n")
    place = lines.index(str(stat.cluster_id)[-8:])
    assert lines[place - 1 : place + 5] == [stat.host, lines[place], "Idle", "2", "0", "0"]


@pytest.mark.usefixtures("blessed")
def test_the_memory_of_each_process_is_shown(
    cluster: RunningCluster, capsys: pytest.CaptureFixture[str]
) -> None:
    stat = wait_for_state(cluster, Conf.IDLE)
    call_command("qmemory", run_once=True, workers=True)
    lines = capsys.readouterr().out.split("\n")
    place = lines.index(str(stat.cluster_id)[-8:])
    supervisor, monitor, seats = lines[place + 4 : place + 7]
    assert 10 < float(supervisor) < 200
    assert monitor == "NO_PROCESS_FOUND"
    assert 20 < float(seats) < 400
