"""What `make run` prepares: the port, var/, the secret key, the defaults, the first admin."""

from __future__ import annotations

import re
import shlex
import socket
import stat
import subprocess
from collections.abc import Iterator

import pytest

from tests.setup.conftest import SmallProject


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def run_until_up(project: SmallProject, **env: str) -> str:
    terminal = project.start(**env)
    printed = terminal.wait_for_text("admin at")
    terminal.press_ctrl_c()
    assert terminal.wait_for_exit() == 0
    return printed


def test_a_port_in_use_stops_the_start_and_a_free_one_is_suggested(
    small_project: SmallProject, taken_port: int
) -> None:
    terminal = small_project.start(PORT=str(taken_port))

    assert terminal.wait_for_exit() == 1
    refused, suggested = re.fullmatch(
        r"port (\d+) is in use; try PORT=(\d+) make run\n", terminal.output
    ).groups()  # type: ignore[union-attr]
    assert int(refused) == taken_port
    socket.create_server(("127.0.0.1", int(suggested))).close()


def test_a_port_in_use_on_every_address_counts_too(small_project: SmallProject) -> None:
    with socket.create_server(("0.0.0.0", 0)) as listener:
        terminal = small_project.start(PORT=str(listener.getsockname()[1]))

        assert terminal.wait_for_exit() == 1
    assert "is in use" in terminal.output


def test_nothing_is_started_or_made_when_the_port_is_in_use(
    small_project: SmallProject, taken_port: int
) -> None:
    small_project.start(PORT=str(taken_port)).wait_for_exit()

    assert small_project.read_calls() == []
    assert not (small_project.folder / "var").exists()


@pytest.mark.parametrize("port", ["abc", "70000", "0", "-1", "9" * 5000])
def test_a_port_that_makes_no_sense_is_refused_with_what_would_do(
    small_project: SmallProject, port: str
) -> None:
    terminal = small_project.start(PORT=port)

    assert terminal.wait_for_exit() == 1
    assert terminal.output == (
        f"PORT='{port}' makes no sense; it must be a TCP port, 1 to 65535, such as 8000\n"
    )


def test_a_host_that_is_not_ours_is_refused_by_name(small_project: SmallProject) -> None:
    terminal = small_project.start(HOST="192.0.2.1")

    assert terminal.wait_for_exit() == 1
    assert terminal.output.startswith(f"cannot listen on HOST=192.0.2.1 PORT={small_project.port}")


def test_the_secret_key_is_written_once_for_the_owner_alone_and_kept(
    small_project: SmallProject,
) -> None:
    run_until_up(small_project)
    path = small_project.folder / "var" / "secret_key"
    key = path.read_text().strip()
    run_until_up(small_project)

    assert len(key) >= 50
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text().strip() == key
    assert {call[-2] for call in small_project.read_calls()} == {key}


def test_var_is_for_the_owner_alone_and_holds_nothing_unfinished(
    small_project: SmallProject,
) -> None:
    run_until_up(small_project)

    var = small_project.folder / "var"
    assert stat.S_IMODE(var.stat().st_mode) == 0o700
    assert sorted(path.name for path in var.iterdir()) == ["admin", "secret_key", "spool"]


def test_what_the_environment_sets_is_left_as_it_is(small_project: SmallProject) -> None:
    run_until_up(small_project, API_ALLOW_ANONYMOUS="0", SECRET_KEY="mine")

    assert {tuple(call[-2:]) for call in small_project.read_calls()} == {("mine", "0")}


def test_an_empty_value_counts_as_not_set(small_project: SmallProject) -> None:
    run_until_up(small_project, API_ALLOW_ANONYMOUS="")

    assert {call[-1] for call in small_project.read_calls()} == {"1"}


def test_it_migrates_and_collects_static_files_in_silence(small_project: SmallProject) -> None:
    run_until_up(small_project)

    assert [call[:-2] for call in small_project.read_calls()] == [
        ["migrate", "--noinput"],
        ["collectstatic", "--noinput", "-v0"],
    ]


def test_a_step_that_fails_shows_its_output_and_nothing_is_started(
    small_project: SmallProject,
) -> None:
    small_project.write("manage.py", "import sys\nsys.exit('no such table: tide')")
    terminal = small_project.start()

    assert terminal.wait_for_exit() == 1
    assert "no such table: tide" in terminal.output
    assert "`manage.py migrate --noinput` failed" in terminal.output
    assert "is up" not in terminal.output


def test_the_password_is_shown_at_the_first_run_only(small_project: SmallProject) -> None:
    first, second = run_until_up(small_project), run_until_up(small_project)

    assert first.count("s3cret") == 1
    assert "s3cret" not in second
    assert "project.local changepassword admin" in second


def test_the_three_curl_lines_work_as_they_are_printed(small_project: SmallProject) -> None:
    printed = small_project.start().wait_for_text("admin at")
    url = f"http://127.0.0.1:{small_project.port}"

    lines = [line.strip() for line in printed.splitlines() if line.startswith("  curl")]
    assert lines == [
        f"curl -X POST {url}/process_data -H 'Content-Type: application/json' "
        """-d '{"hello": "world"}'""",
        f"curl '{url}/get_external_data?url={url}/healthz'",
        f"curl -F file=@README.md {url}/upload_file",
    ]
    for line in lines:
        command = [*shlex.split(line), "--silent", "--fail", "--max-time", "10", "--noproxy", "*"]
        answer = subprocess.run(command, cwd=small_project.folder, capture_output=True, timeout=20)
        assert answer.stdout == b"ok"


def test_any_other_command_runs_in_the_same_settings(small_project: SmallProject) -> None:
    terminal = small_project.start("changepassword", "admin")

    assert terminal.wait_for_exit() == 0
    key = (small_project.folder / "var" / "secret_key").read_text().strip()
    assert small_project.read_calls() == [["changepassword", "admin", key, "1"]]
