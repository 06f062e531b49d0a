"""The web is killed again and again while files arrive in both ways, several at once."""

from __future__ import annotations

import random
import shutil
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.postgresql import make_database
from tests.service import START_SECONDS, run_cluster, wait_for
from tests.system.uploads.cutting_proxy import CuttingProxy, Point
from tests.system.uploads.senders import Sender, Sent, make_senders
from tests.system.uploads.stock import sweep
from tests.system.uploads.tus import list_jobs, wait_for_job
from tests.system.uploads.web import Web, run_web

ROUNDS = 5
AT_ONCE = 10
MOST_BYTES = 4_000_000
#: From the last byte of a file to its job is about so long.
MOST_ENDING_SECONDS = 0.05

ChooseMoment = Callable[[random.Random, CuttingProxy, "list[Sender]", "Kill"], None]


@pytest.fixture(params=["file:", "database:"])
def web(request: pytest.FixtureRequest, migrated_database: Path, tmp_path: Path) -> Iterator[Web]:
    """With the folder store on SQLite, and with the database store on PostgreSQL."""
    with ExitStack() as running:
        if request.param == "file:":
            shutil.copy(migrated_database, tmp_path / "db.sqlite3")
            database_url = f"sqlite:///{tmp_path / 'db.sqlite3'}"
        else:
            database_url = running.enter_context(make_database()).url
        given = {"DATABASE_URL": database_url, "UPLOAD_STORAGE_URL": request.param}
        yield running.enter_context(run_web(tmp_path, WEB_CONCURRENCY="2", **given))


class Kill:
    """Kills the web the first time that it is called, and has it start again."""

    def __init__(self, web: Web) -> None:
        self._web = web
        self._lock = threading.Lock()
        self._start: Future[None] | None = None

    def __call__(self, *told: object) -> None:
        with self._lock:
            if self._start is None:
                self._start = self._web.kill_and_start()

    def call_soon(self, seconds: float) -> None:
        """Call it after a moment, in another thread."""
        threading.Timer(seconds, self).start()

    def wait_until_up(self) -> None:
        """Wait for the kill and for the start."""
        wait_for(lambda: self._start, START_SECONDS, "the web was not killed")
        self._start.result(START_SECONDS)


def test_no_upload_is_lost_or_left_over_when_the_web_is_killed(web: Web) -> None:
    seed = 31
    print(f"seed {seed}")
    source = random.Random(seed)
    sent = []
    for number in range(ROUNDS):
        choose_moment = kill_in_the_middle if number % 2 else kill_at_an_end
        sent += send_through_a_kill(web, source, choose_moment)
    assert len(sent) == ROUNDS * AT_ONCE
    with run_cluster(web):
        check_jobs(web, sent)
        sweep(web.env).check()


def send_through_a_kill(web: Web, source: random.Random, choose_moment: ChooseMoment) -> list[Sent]:
    """Send some files at once, and kill the web at a moment in it."""
    kill = Kill(web)
    with CuttingProxy(web.port) as proxy:
        senders = make_senders(source, proxy.base_url, AT_ONCE, most_bytes=MOST_BYTES)
        choose_moment(source, proxy, senders, kill)
        with ThreadPoolExecutor(AT_ONCE) as pool:
            sent = list(pool.map(lambda sender: sender.send(), senders))
        kill.wait_until_up()
    return sent


def kill_in_the_middle(
    source: random.Random, proxy: CuttingProxy, senders: list[Sender], kill: Kill
) -> None:
    """When some part of it all has passed."""
    total_bytes = sum(len(sender.content) for sender in senders)
    proxy.points.append(Point(at_bytes=source.randrange(total_bytes), act=kill))


def kill_at_an_end(
    source: random.Random, proxy: CuttingProxy, senders: list[Sender], kill: Kill
) -> None:
    """When one of them was sent to its end: it may become a job, or be one, or not."""
    seconds = source.uniform(0, MOST_ENDING_SECONDS)
    source.choice(senders).tell_end = lambda: kill.call_soon(seconds)


def check_jobs(web: Web, sent: list[Sent]) -> None:
    """What was accepted has its job, once; nobody else has one, but for a form whose answer was
    lost on its way: that one may have been accepted or not."""
    with web.client() as client:
        for one in sent:
            if one.job_path:
                assert wait_for_job(client, one.job_path)["result"]["sha256"] == one.sha256
        jobs = Counter(job["result"]["sha256"] for job in list_jobs(client, "sha256"))
    known = {one.sha256: one for one in sent}
    assert len(known) == len(sent)
    assert jobs.keys() <= known.keys()
    for digest, one in known.items():
        assert jobs[digest] in ({1} if one.job_path else {0, 1}), one
    assert all(one.job_path for one in sent if one.is_resumable)
