"""Who holds an upload, and whether it still lives."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from processing.queue.cluster_name import find_space, read_birth
from processing.queue.resumable import holder as holder_module
from processing.queue.resumable.holder import is_dead, make_holder
from tests.queue.clusters import run_first_process
from tests.service import wait_for

#: Says the holders of a process and of its child.
NAME_TWICE = """
import os, django
django.setup()
from processing.queue.resumable.holder import make_holder
print(make_holder(), flush=True)
if os.fork():
    os.wait()
else:
    print(make_holder(), flush=True)
"""


def name_process(pid: int, *, host: str = "", space: str = "", born: str = "") -> str:
    own_host = make_holder().rsplit(":", 4)[0]
    return f"{host or own_host}:{space or find_space()}:{pid}:{born or read_birth(pid)}:1"


def test_every_request_has_a_name_of_its_own() -> None:
    first, second = make_holder(), make_holder()
    assert first != second
    assert not is_dead(first)


@pytest.fixture
def long_host_name(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine with a name of 300 characters."""
    monkeypatch.setattr("socket.gethostname", lambda: "h" * 300)
    holder_module._name_process.cache_clear()
    yield
    holder_module._name_process.cache_clear()


@pytest.mark.usefixtures("long_host_name")
def test_a_name_fits_its_column() -> None:
    assert make_holder().startswith("hhhhh")
    assert len(make_holder()) <= 100
    assert not is_dead(make_holder())


def test_a_killed_process_is_dead_before_anyone_reaped_it() -> None:
    with run_first_process() as process:
        name = name_process(process.pid)
        assert not is_dead(name)
        process.kill()
        wait_for(lambda: is_dead(name), 5, "the death of a process")
        assert process.returncode is None


def test_another_process_with_its_id_does_not_stand_for_it() -> None:
    assert is_dead(name_process(os.getpid(), born="1"))


def test_a_process_has_a_name_of_its_own_behind_a_fork_too() -> None:
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "tests.settings"}
    command = [sys.executable, "-c", NAME_TWICE]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    names = {*done.stdout.split(), make_holder()}
    assert len({name.split(":")[2] for name in names}) == 3
    assert len({tuple(name.split(":")[:2]) for name in names}) == 1
    assert sum(map(is_dead, names)) == 2


@pytest.mark.parametrize("elsewhere", [{"host": "other"}, {"space": "0" * 12}])
def test_a_holder_elsewhere_is_never_taken_for_dead(elsewhere: dict[str, str]) -> None:
    assert not is_dead(name_process(1, born="1", **elsewhere))


@pytest.mark.parametrize("text", ["", "nobody", "a:b:c:d:e", ":::::"])
def test_what_is_no_name_is_not_dead(text: str) -> None:
    assert not is_dead(text)


def test_two_containers_on_one_machine_differ_in_their_space(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = name_process(os.getpid(), born="1")
    assert is_dead(here)
    monkeypatch.setattr(holder_module, "find_space", lambda: "another pid namespace")
    assert not is_dead(here)
