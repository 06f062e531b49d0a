"""Both ways to enforce a threshold, and runs of the command."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.dyno.running import DynoRun, find_cgroup_place, run_dyno
from tests.needs import give_up

StartDyno = Callable[..., DynoRun]


@pytest.fixture
def cgroup_place() -> Path:
    """A folder of the kernel's where groups with a limit can be made."""
    place = find_cgroup_place()
    if place is None:
        give_up("needs a cgroup folder in which it may make groups with a memory limit")
    assert place is not None
    return place


@pytest.fixture(params=["cgroup", "sampling"])
def way(request: pytest.FixtureRequest) -> list[str]:
    """The arguments that choose how the threshold is enforced."""
    if request.param == "sampling":
        return ["--no-cgroup"]
    request.getfixturevalue("cgroup_place")
    return []


@pytest.fixture
def start_dyno(tmp_path: Path) -> Iterator[StartDyno]:
    """Start `manage.py dyno` with these arguments."""
    with ExitStack() as runs:
        yield lambda *arguments, **given: runs.enter_context(
            run_dyno(tmp_path, *arguments, **given)
        )
