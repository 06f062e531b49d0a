"""Crashes and restarts of real processes, by a clock that the test moves."""

from __future__ import annotations

import sys
from collections.abc import Iterator

import pytest

from processing.dyno.crash_policy import FIRST_WAIT_SECONDS
from processing.dyno.dyno import STOP_SECONDS, Dyno, Limits
from processing.dyno.enforcement import Enforcement
from processing.dyno.formation import Restart
from processing.dyno.launch import Launch
from processing.dyno.log_lines import Log
from processing.dyno.output import Outputs
from processing.dyno.record import NoRecord
from processing.dyno.supervisor import Supervisor
from processing.memory.units import MIB
from tests.dyno.running import GROW
from tests.service import wait_for

LIMITS = Limits(quota_bytes=64 * MIB, threshold_bytes=128 * MIB, every_seconds=20.0)


class Stand:
    """One dyno of a Procfile with its clock, its signals and its log."""

    def __init__(self, command: str) -> None:
        self.lines: list[str] = []
        self.now = 0.0
        self.signals = 0
        self.outputs = Outputs()
        self.dyno = Dyno(
            "web.1",
            Launch(command=command, variables={}, folder=None),
            Enforcement(None).make("web.1", LIMITS),
            LIMITS,
            outputs=self.outputs,
            log=Log("web.1", self.lines.append),
            record=NoRecord(),
            restart=Restart.ALWAYS,
        )
        self.supervisor = Supervisor([self.dyno], self.outputs, lambda: self.signals, LIMITS)

    def step(self) -> None:
        self.outputs.pump(0)
        self.supervisor.step(self.now)

    def count(self, text: str) -> int:
        return sum(text in line for line in self.lines)

    def step_until(self, text: str, count: int = 1) -> None:
        """Real time passes, the clock stands still."""

        def is_there() -> bool:
            self.step()
            return self.count(text) >= count

        wait_for(is_there, 30, f"{count} × {text!r} in {self.lines}")


@pytest.fixture
def stands() -> Iterator[list[Stand]]:
    made: list[Stand] = []
    yield made
    for stand in made:
        stand.dyno.close()


def test_a_dyno_that_ends_by_itself_crashed_and_starts_again_later_and_later(
    stands: list[Stand],
) -> None:
    stand = Stand("sh -c 'exit 3'")
    stands.append(stand)
    stand.step_until("State changed from up to crashed", 2)  # the first restart is at once
    assert stand.count("Process exited with status 3") == 2
    stand.now = FIRST_WAIT_SECONDS - 1
    stand.step()
    assert stand.count("Starting process") == 2
    stand.now = FIRST_WAIT_SECONDS
    stand.step_until("State changed from up to crashed", 3)
    assert stand.count("Starting process") == 3
    assert (stand.dyno.tally.crash_count, stand.dyno.tally.restart_count) == (3, 2)
    assert stand.dyno.start_at == 3 * FIRST_WAIT_SECONDS


def test_a_dyno_killed_at_the_threshold_starts_again(stands: list[Stand]) -> None:
    stand = Stand(f"{sys.executable} {GROW} 300")
    stands.append(stand)
    stand.step_until("Error R15", 2)
    stand.step_until("State changed from up to crashed", 2)
    assert stand.count("Process exited with status 137") == 2
    assert len(stand.dyno.tally.kill_times) == 2


def test_heroku_s_lines_come_at_once_and_then_every_so_often(stands: list[Stand]) -> None:
    stand = Stand(f"{sys.executable} {GROW} 88")
    stands.append(stand)
    stand.step_until("Error R14")
    stand.step_until("holds 88")
    stand.now = 19.9
    stand.step()
    assert stand.count("Error R14") == 1
    stand.now = 20.0
    stand.step()
    assert stand.count("Error R14") == 2


def test_a_stop_has_its_time_and_then_is_r12(stands: list[Stand]) -> None:
    stand = Stand("""sh -c 'trap "echo no" TERM; echo up; while :; do sleep 0.05; done'""")
    stands.append(stand)
    stand.step_until("app[web.1]: up")
    stand.signals = 1
    stand.step_until("app[web.1]: no")
    stand.now = STOP_SECONDS - 0.1
    stand.step()
    assert not stand.count("R12")
    stand.now = STOP_SECONDS
    stand.step_until("Process exited with status 137")
    assert stand.count("Error R12 (Exit timeout)") == 1
    assert stand.dyno.is_done


def test_a_stop_ends_the_cooling_off(stands: list[Stand]) -> None:
    stand = Stand("false")
    stands.append(stand)
    stand.step_until("Cooling off for 1200 s")
    stand.signals = 1
    stand.step()
    assert stand.dyno.is_done
