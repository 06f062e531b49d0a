"""The names of clusters: who is dead, as far as another can see."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from processing.models import Job
from processing.queue import cluster_name
from processing.queue.cluster_name import ClusterName, find_space, read_birth
from tests.queue.clusters import name_cluster, run_first_process
from tests.service import wait_for

ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
WAIT_SECONDS = 10.0


@pytest.fixture
def own() -> ClusterName:
    return ClusterName.of_this_process(2)


def test_a_name_is_read_back_from_its_text(own: ClusterName) -> None:
    assert ClusterName.parse(str(own)) == own
    assert (own.pid, own.generation) == (os.getpid(), 2)


def test_a_host_with_colons_is_read_back(own: ClusterName) -> None:
    name = replace(own, host="fe80::1")
    assert ClusterName.parse(str(name)) == name


@pytest.mark.parametrize("text", ["", "theirs", "host:1:2.5", "a:b:no number:c:1", "a:b:1:c:x"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="unpack|invalid literal"):
        ClusterName.parse(text)


def test_the_longest_name_fits_its_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_name.socket, "gethostname", lambda: "h" * 253)
    own = ClusterName.of_this_process(1)
    # The largest process id of Linux, a thousand years of ticks, and a restart each second of one.
    longest = replace(own, pid=2**22, born=str(100 * 86_400 * 365_000), generation=86_400 * 365)
    assert len(str(longest)) <= Job._meta.get_field("claimed_by").max_length
    assert ClusterName.parse(str(longest)) == longest


def test_nobody_is_dead_to_itself(own: ClusterName) -> None:
    assert not own.is_dead(own)


@pytest.mark.parametrize(("generation", "is_dead"), [(1, True), (2, False), (3, False)])
def test_an_earlier_supervisor_of_the_same_cluster_is_dead(
    own: ClusterName, generation: int, is_dead: bool
) -> None:
    assert replace(own, generation=generation).is_dead(own) is is_dead


def test_a_cluster_is_dead_once_its_first_process_has_ended(own: ClusterName) -> None:
    with run_first_process() as process:
        name = name_cluster(process.pid, generation=9)
        assert not name.is_dead(own)
    assert name.is_dead(own)


def test_a_zombie_is_dead(own: ClusterName) -> None:
    with run_first_process() as process:
        name = name_cluster(process.pid)
        process.kill()
        waiting = psutil.Process(process.pid)
        wait_for(lambda: waiting.status() == psutil.STATUS_ZOMBIE, WAIT_SECONDS, "it did not end")
        assert name.is_dead(own)


def test_another_process_with_the_same_id_is_not_the_cluster(own: ClusterName) -> None:
    with run_first_process() as process:
        name = name_cluster(process.pid)
        assert replace(name, born=str(int(name.born) - 1)).is_dead(own)


def test_nothing_is_known_of_another_machine(own: ClusterName) -> None:
    with run_first_process() as process:
        name = name_cluster(process.pid, space="elsewhere")
    assert not name.is_dead(own)
    assert not replace(own, space="elsewhere", generation=1).is_dead(own)


@ON_LINUX
def test_a_birth_is_counted_from_the_boot_and_no_clock_moves_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with run_first_process() as process:
        birth = read_birth(process.pid)
        since_boot = psutil.Process(process.pid).create_time() - psutil.boot_time()
        monkeypatch.setattr(psutil, "boot_time", lambda: 0.0)
        monkeypatch.setattr("time.time", lambda: 0.0)
        assert read_birth(process.pid) == birth
    assert int(birth) / os.sysconf("SC_CLK_TCK") == pytest.approx(since_boot, abs=1)


@ON_LINUX
def test_a_process_may_be_called_what_it_likes(monkeypatch: pytest.MonkeyPatch) -> None:
    def read_text(path: Path) -> str:
        return f"7 (a) Z ) b) S {' '.join(str(number) for number in range(4, 53))}\n"

    monkeypatch.setattr(Path, "read_text", read_text)
    assert read_birth(7) == "22", "field 22 of proc_pid_stat(5)"


def test_a_process_that_is_not_there_has_no_birth() -> None:
    assert read_birth(2**22 + 1) == ""


def test_elsewhere_than_on_linux_a_birth_is_found_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_name.sys, "platform", "darwin")
    assert float(read_birth(os.getpid())) == pytest.approx(psutil.Process().create_time(), abs=0.1)
    assert read_birth(2**22 + 1) == ""


def test_where_proc_tells_nothing_the_machine_still_has_its_own_space(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*arguments: Any) -> str:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "read_text", fail)
    read_space = find_space.__wrapped__
    here = read_space()
    assert here == read_space()
    monkeypatch.setattr(cluster_name.socket, "gethostname", lambda: "another")
    assert read_space() != here
