"""The web and the worker as users have them, with input of the kind and size that users send."""

from __future__ import annotations

import json
import statistics
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.service import Service, run_cluster, run_service, wait_for
from tests.system.input_files import (
    is_upper_of,
    make_standard_library,
    make_table,
    make_text,
    sha256_of,
)
from tests.system.memory_watch import watch_memory
from tests.system.slow_upstream import serve_pages

MIB = 1024 * 1024
MEMORY_BOUND_BYTES = 40 * MIB
JOB_SECONDS = 120
CURL_SECONDS = 120
START_SECONDS = 30


class Running:
    """A service with a worker, used with curl as its users do."""

    def __init__(self, service: Service, worker_pid: int) -> None:
        self.service = service
        self.worker_pid = worker_pid

    def is_ready(self) -> bool:
        return bool(self.curl("/readyz")["workers"] == "ok")

    def curl(self, path: str, *options: str) -> Any:
        return json.loads(self.curl_bytes(path, *options))

    def curl_bytes(self, path: str, *options: str) -> bytes:
        command = ["curl", "-sS", "--fail-with-body", "--max-time", str(CURL_SECONDS), *options]
        return subprocess.run(
            [*command, self.service.base_url + path], check=True, capture_output=True
        ).stdout

    def upload(self, processor: str, path: Path) -> dict[str, Any]:
        answer = self.curl(f"/upload_file?processor={processor}", "-F", f"file=@{path}")
        assert (answer["bytes"], answer["sha256"]) == (path.stat().st_size, sha256_of(path))
        return self.wait_for(answer)

    def wait_for(self, accepted: dict[str, Any]) -> dict[str, Any]:
        for _ in range(JOB_SECONDS // 10):
            job: dict[str, Any] = self.curl(f"{accepted['status_url']}?wait=10")
            if job["finished_at"]:
                assert job["state"] == "succeeded", job
                return job
        pytest.fail(f"the job did not end in {JOB_SECONDS} s: {job}")

    def download(self, job: dict[str, Any], path: Path) -> Path:
        self.curl_bytes(job["result_url"], "-o", str(path))
        return path


@pytest.fixture(scope="module")
def running(migrated_database: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("real-input")
    with run_service(folder, migrated_database) as service, run_cluster(service) as cluster:
        running = Running(service, cluster.pid)
        wait_for(running.is_ready, START_SECONDS, "the worker did not start")
        yield running


def test_three_hundred_megabytes_go_through_in_bounded_memory(
    running: Running, tmp_path: Path
) -> None:
    """The first test of this file: both processes are fresh and have done nothing yet."""
    source = make_text(tmp_path / "large.txt", 300_000_000)
    roots = {"web": running.service.process.pid, "worker": running.worker_pid}
    with watch_memory(**roots) as watch:
        upper = running.upload("upper", source)
        result = running.download(upper, tmp_path / "result")
        digest = running.upload("sha256", source)
    assert is_upper_of(result, source)
    assert digest["result"]["sha256"] == sha256_of(source)
    grown_mb = {name: round(grown / MIB, 1) for name, grown in watch.grown_bytes.items()}
    print(f"grown by, in MiB: {grown_mb}")
    assert max(watch.grown_bytes.values()) <= MEMORY_BOUND_BYTES, grown_mb


def test_the_standard_library_as_one_tar_comes_back_in_upper_case(
    running: Running, tmp_path: Path
) -> None:
    source = make_standard_library(tmp_path / "lib.tar")
    job = running.upload("upper", source)
    assert is_upper_of(running.download(job, tmp_path / "result"), source)
    assert running.upload("sha256", source)["result"]["sha256"] == sha256_of(source)


def test_ten_thousand_objects_are_summarized(running: Running, tmp_path: Path) -> None:
    objects = [
        {"n": number, "x": None if number % 10 == 0 else number / 7, "tag": f"t{number % 100}"}
        for number in range(10_000)
    ]
    body = tmp_path / "objects.json"
    body.write_text(json.dumps(objects))
    header = "Content-Type: application/json"
    accepted = running.curl(
        "/process_data?processor=summarize", "-H", header, "--data-binary", f"@{body}"
    )
    fields = running.wait_for(accepted)["result"]["fields"]
    present = [entry["x"] for entry in objects if entry["x"] is not None]
    assert fields["n"] == {
        "count": 10_000,
        "nulls": 0,
        "distinct": 10_000,
        "min": 0,
        "max": 9_999,
        "mean": 4_999.5,
    }
    assert (fields["x"]["count"], fields["x"]["nulls"]) == (9_000, 1_000)
    assert fields["x"]["mean"] == pytest.approx(statistics.fmean(present), rel=1e-12)
    assert (fields["tag"]["distinct"], fields["tag"]["max"]) == (100, "t99")


def test_a_table_of_two_hundred_thousand_rows_is_profiled(running: Running, tmp_path: Path) -> None:
    table = make_table(tmp_path / "table.csv", 200_000)
    result = running.upload("csv_profile", tmp_path / "table.csv")["result"]
    profiles = {column["name"]: column for column in result["columns"]}
    prices = [float(price) for price in table["price"] if price]
    assert result["rows"] == 200_000
    assert profiles["id"]["type"] == "integer"
    assert profiles["id"]["mean"] == pytest.approx(statistics.fmean(range(200_000)), rel=1e-9)
    assert profiles["id"]["distinct"] == pytest.approx(200_000, rel=0.08)
    assert profiles["price"]["nulls"] == 200_000 - len(prices)
    assert profiles["price"]["mean"] == pytest.approx(statistics.fmean(prices), rel=1e-9)
    assert (profiles["price"]["min"], profiles["price"]["max"]) == (min(prices), max(prices))
    assert (profiles["city"]["type"], profiles["city"]["distinct"]) == ("text", 3)


def test_a_fan_out_gives_every_upstream_its_own_outcome(running: Running) -> None:
    with serve_pages() as pages:
        query = "&".join(f"url={pages}/{name}" for name in ("slow", "failing", "large", "toolarge"))
        answer = running.curl(f"/get_external_data?{query}")
    slow, failing, large, too_large = answer["responses"]
    assert answer["results"][0] == "slow at last"
    assert slow["elapsed_ms"] >= 300
    assert (failing["ok"], failing["status"], answer["results"][1]) == (False, 500, "broken")
    assert answer["results"][2] == "x" * 1_000_000
    assert (large["ok"], large["bytes"]) == (True, 1_000_000)
    assert too_large["error"]["code"] == "response_too_large"
    assert answer["results"][3] is None
