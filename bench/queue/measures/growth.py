"""What a deep queue costs Plimsoll: a claim, a probe and the admin's first page of jobs."""

from __future__ import annotations

import http.client
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from statistics import median

from bench.queue.child import WARM_UP_COUNT
from bench.queue.errors import NotMeasured
from bench.queue.measures.measure import Figures, Measure
from bench.queue.sizes import Sizes
from bench.queue.stage import Stage, run_child, run_command
from bench.queue.waiting import wait_until

OPERATIONS = {"claim": "claim of 16 jobs", "readyz": "GET /readyz", "admin": "admin, first page"}
PATHS = {"readyz": "/readyz", "admin": "/admin/processing/job/"}

SHALLOW_COUNT = 200
DEPTH_APP = "bench.queue.apps.depth"
ASK_TIMES = 15
#: The first answers load templates and open connections.
WARM_UP_TIMES = 3
ANSWER_SECONDS = 60.0
START_SECONDS = 30.0
POLL_SECONDS = 0.05
#: /readyz counts at most once in a second; every question is to count anew.
COUNT_LASTS_SECONDS = 1.1


def measure_growth() -> Measure:
    """Gives milliseconds of each operation, with SHALLOW_COUNT jobs and with a deep queue."""
    return Measure(name="growth", take=take, systems=("plimsoll",))


def take(stage: Stage, sizes: Sizes, known: Mapping[str, float]) -> Figures:
    run_child(stage, "burst", SHALLOW_COUNT - WARM_UP_COUNT)
    shallow = time_operations(stage)
    run_child(stage, "deepen", sizes.deep_count - SHALLOW_COUNT, app=DEPTH_APP)
    deep = time_operations(stage)
    return {
        **{f"{name}_shallow_ms": value for name, value in shallow.items()},
        **{f"{name}_deep_ms": value for name, value in deep.items()},
    }


def time_operations(stage: Stage) -> dict[str, float]:
    claim_ms = run_child(stage, "time_claims", app=DEPTH_APP)
    session = run_child(stage, "open_admin", app=DEPTH_APP)
    headers = {"Host": "127.0.0.1", "Cookie": f"sessionid={session}"}
    with run_web(stage) as port:
        answers = {name: time_answers(port, path, headers) for name, path in PATHS.items()}
    return {"claim": claim_ms, **answers}


@contextmanager
def run_web(stage: Stage) -> Iterator[int]:
    """Plimsoll's web process on the stage's store; its port."""
    port = find_free_port()
    arguments = ["-m", "gunicorn", "-c", "python:project.gunicorn_conf", "project.asgi"]
    with run_command(stage, [arguments], {"HOST": "127.0.0.1", "PORT": str(port)}):
        wait_until(
            lambda: is_listening(port),
            seconds=START_SECONDS,
            poll_seconds=POLL_SECONDS,
            what="the web process's port",
        )
        yield port


def time_answers(port: int, path: str, headers: Mapping[str, str]) -> float:
    """The median of one answer, in milliseconds."""
    taken = []
    for _ in range(WARM_UP_TIMES + ASK_TIMES):
        if path == PATHS["readyz"]:
            time.sleep(COUNT_LASTS_SECONDS)
        began = time.perf_counter()
        ask(port, path, headers)
        taken.append(time.perf_counter() - began)
    return median(taken[WARM_UP_TIMES:]) * 1000


def ask(port: int, path: str, headers: Mapping[str, str]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    with closing(connection):
        connection.request("GET", path, headers=dict(headers))
        answer = connection.getresponse()
        answer.read()
    if answer.status != 200:
        raise NotMeasured(f"GET {path} answered {answer.status}")


def is_listening(port: int) -> bool:
    with socket.socket() as attempt:
        return attempt.connect_ex(("127.0.0.1", port)) == 0


def find_free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
    return port
