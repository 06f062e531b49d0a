"""The command's arguments, its exit status, and the files that it writes."""

from __future__ import annotations

import csv
import shutil
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.dyno.conftest import StartDyno
from tests.dyno.running import grow
from tests.needs import give_up
from tests.service import DEFAULTS, make_environment

MIB = 1024 * 1024
PNG = b"\x89PNG\r\n\x1a\n"


def test_a_command_that_fails_is_told_and_makes_1(start_dyno: StartDyno) -> None:
    run = start_dyno("--json", "--", "sh", "-c", "echo so; exit 7")
    assert run.wait() == 1, run.err
    assert run.dynos[0]["last_status"] == 7
    assert "app[run.1]: so" in run.err


def test_its_environment_tells_a_command_its_quota(start_dyno: StartDyno) -> None:
    run = start_dyno("--quota", "1.5G", "--", "sh", "-c", "echo $DYNO_RAM $MEMORY_QUOTA_MB $PORT")
    assert run.wait() == 0, run.err
    assert "app[run.1]: 1536 1536 8000" in run.out
    assert "Quota 1536M, threshold 3072M" in run.out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--quota", "much"], "'much' is not a size of memory; write 512M, 1.5G"),
        (["--quota", "512M", "--restart-at", "256M"], "--restart-at 256M is below the quota"),
        (["--every", "0"], "'0' is not a number of seconds; write one above 0"),
        (["--csv", "/no/such/folder/x"], "cannot be written; name a file in a folder that is"),
        (["clock=1"], "'clock' is not in the Procfile; it has web, worker"),
        (["web=1", "--", "true"], "write either process types, or -- and a command"),
        (["--"], "write either process types, or -- and a command"),
    ],
)
def test_what_makes_no_sense_says_what_would(
    start_dyno: StartDyno, arguments: list[str], message: str
) -> None:
    run = start_dyno(*arguments)
    assert run.wait() not in (0, 14, 15)
    assert message in " ".join(run.err.split())


def test_the_csv_has_a_line_for_each_sample_while_it_runs(
    start_dyno: StartDyno, tmp_path: Path
) -> None:
    path = tmp_path / "usage.csv"
    run = start_dyno("--quota", "64M", "--csv", str(path), *grow(100))
    run.wait_for_text("holds 100")
    run.wait_for_text("Error R14")
    with path.open() as file:
        rows = list(csv.DictReader(file))
    run.interrupt()
    assert run.wait() == 14, run.err
    assert rows[0].keys() == {"time", "dyno", "usage_bytes", "quota_bytes", "threshold_bytes"}
    assert {(row["dyno"], row["quota_bytes"], row["threshold_bytes"]) for row in rows} == {
        ("run.1", str(64 * MIB), str(128 * MIB))
    }
    assert max(int(row["usage_bytes"]) for row in rows) > 64 * MIB
    times = [datetime.fromisoformat(row["time"]) for row in rows]
    assert times == sorted(times)


def test_the_plot_is_a_png(start_dyno: StartDyno, tmp_path: Path) -> None:
    if find_spec("matplotlib") is None:
        give_up("needs matplotlib: pip install -r requirements-plot.txt")
    path = tmp_path / "usage.png"
    run = start_dyno("--quota", "64M", "--plot", str(path), *grow(300))
    assert run.wait() == 15, run.err
    assert path.read_bytes().startswith(PNG)


def test_without_matplotlib_a_plot_says_how_to_install_it_and_runs_nothing(
    start_dyno: StartDyno, tmp_path: Path
) -> None:
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "sitecustomize.py").write_text(
        "import importlib.util as u\n"
        "real = u.find_spec\n"
        "u.find_spec = lambda name, *a: None if name == 'matplotlib' else real(name, *a)\n"
    )
    env = make_environment(**DEFAULTS, PYTHONPATH=str(hidden))
    run = start_dyno("--plot", str(tmp_path / "x.png"), "--", "echo", "ran", env=env)
    assert run.wait() == 1
    assert "pip install -r requirements-plot.txt" in run.err
    assert "ran" not in run.out


def test_a_worker_of_the_procfile_runs_and_stops(
    start_dyno: StartDyno, migrated_database: Path, tmp_path: Path
) -> None:
    database = shutil.copy(migrated_database, tmp_path / "db.sqlite3")
    own = {"DATABASE_URL": f"sqlite:///{database}", "UPLOAD_SPOOL_DIR": str(tmp_path / "spool")}
    run = start_dyno("worker=1", "--json", env=make_environment(**(DEFAULTS | own)))
    run.wait_for_text("app[worker.1]: ")
    run.interrupt()
    assert run.wait() == 0, run.err
    assert run.dynos[0]["name"] == "worker.1"
    assert run.dynos[0]["crashes"] == 0
