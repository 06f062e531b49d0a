"""Tasks that take memory without end, in a control group whose limit would kill; and innocent ones.

All of them are posted at once to one service whose cluster has two seats.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from processing.dyno.cgroup import CgroupBoundary
from tests.service import OPERATOR_TOKEN, Service, run_service, wait_for
from tests.system.bounded_cluster import (
    BoundedCluster,
    make_group,
    run_bounded_cluster,
    run_program,
)
from tests.system.growing import LIMIT_MB, MIB, read_passings

MODULES = ["tests.system.hogs", "tests.system.innocents"]
#: The worker's processes, two seats with small tasks, and what those may allocate beyond their
#: limits. A task alone has 140 MB then.
GROUP_BYTES = 464 * MIB
NEIGHBOUR_COUNT = 100
#: The first, and one more alone.
ATTEMPTS = 2
#: A task is to have ended so long after it has passed its limit.
END_SECONDS = 5.0
#: For all of it, on a machine that has other work.
ALL_SECONDS = 240.0

HOGS = [
    "hog_list",
    "hog_slow",
    "hog_objects",
    "hog_json",
    "hog_bytes",
    "hog_empty_bytes",
    "hog_in_c",
    "hog_ignores_null",
    "hog_numpy",
    "hog_shared",
    "hog_threads",
    "hog_catches_memory_error",
    "hog_catches_all",
    "hog_program",
    "hog_fork",
]
#: What each of them returns: sizes are in MiB.
INNOCENTS = {
    "multiplies_matrices": 800.0,
    "runs_threads": 16,
    "uses_thread_pool": 1,
    "holds_working_set": 50,
    "forks_children": [1, 1],
    "forks_beside_data": [40, 1, 1],
    "runs_programs": 40,
    "reads_large_file": 200,
    "maps_large_file": 200,
    "copies_large_file": 200,
    "works_with_rows": 20_000,
}
#: What one call in C asks for was never there to be seen, or no other thread had a turn to look;
#: but the error tells who asked.
AT_ONCE = {"hog_json", "hog_bytes", "hog_empty_bytes", "hog_in_c"}
#: What Python does not allocate is told by where the process is when it is seen to have grown: not
#: always where it grew.
BEHIND_PYTHON = {"hog_ignores_null", "hog_shared"}
PROFILED = [name for name in HOGS if name not in AT_ONCE | BEHIND_PYTHON]


@dataclass(frozen=True, kw_only=True)
class Run:
    """What became of it all: the jobs by processor, each with its own folder."""

    service: Service
    group: CgroupBoundary
    folder: Path
    ids: dict[str, list[str]]
    log: str

    def show(self, name: str) -> dict[str, Any]:
        """The document of the one job of this processor, with its traceback."""
        [job_id] = self.ids[name]
        with self.service.client(OPERATOR_TOKEN) as client:
            document: dict[str, Any] = client.get(f"/jobs/{job_id}").json()
        return document

    def find_delay(self, name: str) -> float:
        """How long the job's first attempt lasted from the limit on, in seconds.

        0 for one that was ended before it could write down that it had passed it.
        """
        first = self.show(name)["history"][0]
        began, ended = (
            datetime.fromisoformat(first[moment]).timestamp()
            for moment in ("started_at", "ended_at")
        )
        passings = [at for at in read_passings(self.folder / name) if began <= at <= ended]
        return ended - min(passings, default=ended)


@pytest.fixture(scope="module")
def run(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """Everything, when it has ended; the cluster is still there."""
    folder = tmp_path_factory.mktemp("limit")
    modules = ",".join(MODULES)
    with (
        make_group("limit", limit_bytes=GROUP_BYTES) as group,
        run_service(folder, migrated_database, PROCESSOR_MODULES=modules) as service,
    ):
        ids = post_all(service, folder)
        with run_bounded_cluster(service, group, "--seats", "2") as cluster:
            wait_for(lambda: has_done_all(service, cluster), ALL_SECONDS, "jobs that do not end")
            yield Run(service=service, group=group, folder=folder, ids=ids, log=cluster.log)


def post_all(service: Service, folder: Path) -> dict[str, list[str]]:
    """Hogs and innocents, each between neighbours."""
    names = [*HOGS, *INNOCENTS]
    ids: dict[str, list[str]] = {"neighbour": []}
    with service.client() as client:

        def post(name: str, data: str) -> str:
            answer = client.post(f"/process_data?processor={name}", json=data)
            return str(answer.json()["job_id"])

        for number, name in enumerate(names, start=1):
            while len(ids["neighbour"]) < NEIGHBOUR_COUNT * number // len(names):
                ids["neighbour"].append(post("neighbour", ""))
            path = folder / name
            if name in INNOCENTS:
                path.mkdir()
            ids[name] = [post(name, str(path))]
    return ids


def has_done_all(service: Service, cluster: BoundedCluster) -> bool:
    """Whether every job has come to its end; fails where there is nobody to end them."""
    assert cluster.process.poll() is None, cluster.log[-4000:]
    states = "state NOT IN ('succeeded', 'failed', 'cancelled')"
    [(count,)] = service.query(f"SELECT COUNT(*) FROM processing_job WHERE {states}")
    return bool(count == 0)


def find_line(name: str) -> str:
    """Where the line is that takes a hog's memory, as a profile and a traceback have it."""
    lines = Path(__file__).with_name("hogs.py").read_text().splitlines()
    start = lines.index(f'@processor("{name}", memory_limit_mb=LIMIT_MB)')
    number = next(number for number in range(start, len(lines)) if "# the line" in lines[number])
    return f"hogs.py:{number + 1}"


def test_a_program_like_these_is_killed_by_the_kernel(tmp_path: Path) -> None:
    with make_group("hog", limit_bytes=GROUP_BYTES) as group:
        assert run_program(group, "tests.system.hog_program", str(tmp_path / "note")) == -9
        assert group.take_kernel_kill()


@pytest.mark.parametrize("name", HOGS)
def test_a_hog_fails_soon_behind_its_limit_and_once_more_alone(run: Run, name: str) -> None:
    job = run.show(name)
    assert (job["state"], job["error"]["code"]) == ("failed", "memory_limit_exceeded"), job
    outcomes = [(past["outcome"], past["charged"]) for past in job["history"]]
    assert outcomes == [("memory_limit_exceeded", True)] * ATTEMPTS
    assert job["memory_limit_bytes"] == LIMIT_MB * MIB
    assert run.find_delay(name) < END_SECONDS
    assert job["peak_memory_bytes"] is not None


@pytest.mark.parametrize("name", PROFILED)
def test_the_profile_of_a_hog_names_the_guilty_line(run: Run, name: str) -> None:
    profile = run.show(name)["error"]["allocation_profile"]
    places = {line["place"].rpartition("/")[2] for line in profile}
    assert find_line(name) in places, json.dumps(profile, indent=1)


@pytest.mark.parametrize("name", sorted(AT_ONCE))
def test_the_error_of_a_hog_names_the_line_that_asked_for_all_at_once(run: Run, name: str) -> None:
    assert find_line(name) in run.show(name)["error"]["message"]


@pytest.mark.parametrize("name", INNOCENTS)
def test_an_innocent_succeeds_at_its_first_attempt(run: Run, name: str) -> None:
    job = run.show(name)
    assert (job["state"], job["attempts"], job["error"]) == ("succeeded", 1, None)
    assert job["result"] == INNOCENTS[name]
    assert job["peak_memory_bytes"] <= LIMIT_MB * MIB


def test_all_neighbours_succeed(run: Run) -> None:
    rows = run.service.query(
        "SELECT state, attempts, COUNT(*) FROM processing_job WHERE processor = 'neighbour' "
        "GROUP BY state, attempts"
    )
    assert rows == [("succeeded", 1, NEIGHBOUR_COUNT)]


def test_the_kernel_killed_nobody_and_the_cluster_is_whole(run: Run) -> None:
    assert not run.group.take_kernel_kill()
    assert "the supervisor died" not in run.log
    assert "a process of the cluster broke" not in run.log
