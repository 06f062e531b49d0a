"""The memory plan at a start: the defaults that it gives, and what it refuses."""

from __future__ import annotations

import pytest

from tests.conftest import StartService
from tests.project.test_settings import check, show, start_gunicorn
from tests.service import DEFAULTS, make_environment, run_cluster, run_manage, wait_for

NUMBERS = "[s.WEB_CONCURRENCY, s.WORKER_SEATS, s.TASK_MEMORY_LIMIT_MB]"
UNSET = {"WEB_CONCURRENCY": "", "WORKER_SEATS": ""}


@pytest.mark.parametrize(
    ("given", "numbers"),
    [
        ({"MEMORY_QUOTA_MB": "512"}, "[2, 1, 238]"),
        ({"MEMORY_QUOTA_MB": "1024"}, "[5, 2, 276]"),
        ({"MEMORY_QUOTA_MB": "512", "WORKER_SEATS": "2"}, "[2, 2, 33]"),
        ({"MEMORY_QUOTA_MB": "2560", "TASK_MEMORY_LIMIT_MB": "500"}, "[8, 3, 500]"),
        ({"MEMORY_QUOTA_MB": "512", "UPLOAD_MAX_CONCURRENT": "400"}, "[1, 1, 238]"),
        ({"DYNO": "web.1", "DYNO_RAM": "512"}, "[2, 1, 238]"),
    ],
)
def test_the_quota_gives_the_defaults(given: dict[str, str], numbers: str) -> None:
    assert show(NUMBERS, **(UNSET | given)) == numbers


def test_gunicorn_refuses_more_processes_than_fit() -> None:
    code, told = start_gunicorn(MEMORY_QUOTA_MB="512", WEB_CONCURRENCY="3")
    assert code != 0
    assert told.startswith("Plimsoll cannot start: WEB_CONCURRENCY=3 does not fit into 512 MB")
    assert "60 MB + 3 x (web process 28 MB + requests 131 MB) = 537 MB" in told
    assert "Traceback" not in told


@pytest.mark.parametrize(
    ("arguments", "given"),
    [((), {"WORKER_SEATS": "3"}), (("--seats", "3"), {"WORKER_SEATS": ""})],
)
def test_a_cluster_refuses_more_seats_than_fit(
    arguments: tuple[str, ...], given: dict[str, str]
) -> None:
    env = make_environment(**(DEFAULTS | {"MEMORY_QUOTA_MB": "512"} | given))
    done = run_manage("qcluster", *arguments, env=env)
    assert done.returncode == 1
    assert done.stderr.startswith("Plimsoll cannot start: WORKER_SEATS=3 does not fit into 512 MB")
    assert "76 MB + 3 x (seat 44 MB + task 16 MB + burst 128 MB) = 640 MB" in done.stderr


def test_what_does_not_fit_one_kind_of_process_stops_no_other() -> None:
    assert check(MEMORY_QUOTA_MB="512", WEB_CONCURRENCY="3", WORKER_SEATS="3") == (0, "")


def test_each_start_says_its_plan_in_one_line(start_service: StartService) -> None:
    service = start_service(MEMORY_QUOTA_MB="1024")
    assert "memory: master 60 MB + 1 x (web process 28 MB " in service.log
    with run_cluster(service):
        log = service.folder / "cluster.log"
        line = "memory: template and supervisor 76 MB + 2 x (seat 44 MB + task 276 MB "
        wait_for(lambda: "ready for work" in log.read_text(), 30, "no seat came up")
        assert line in log.read_text()
