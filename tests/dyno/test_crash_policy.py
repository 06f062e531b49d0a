from __future__ import annotations

from processing.dyno.crash_policy import (
    FIRST_WAIT_SECONDS,
    MOST_WAIT_SECONDS,
    STEADY_SECONDS,
    CrashPolicy,
)


def crash(policy: CrashPolicy, *, times: int, up_seconds: float = 1.0) -> list[float]:
    """The waits after so many crashes in a row."""
    waits, now = [], 0.0
    for _ in range(times):
        crashed_at = now + up_seconds
        now = policy.find_restart_at(started_at=now, crashed_at=crashed_at)
        waits.append(now - crashed_at)
    return waits


def test_the_first_restart_is_at_once_and_the_others_wait_ever_longer() -> None:
    first = FIRST_WAIT_SECONDS
    assert crash(CrashPolicy(), times=4) == [0, first, 2 * first, 4 * first]


def test_the_wait_has_an_end() -> None:
    assert crash(CrashPolicy(), times=2000)[-1] == MOST_WAIT_SECONDS


def test_a_dyno_that_was_steady_begins_anew() -> None:
    policy = CrashPolicy()
    crash(policy, times=3)
    assert crash(policy, times=2, up_seconds=STEADY_SECONDS) == [0, 0]
