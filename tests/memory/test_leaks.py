"""Who is named as a leak, and who is not."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable

import pytest

from processing.memory.leaks import MOST_NAMES, QUIET_SECONDS, RUNS, Leak, Leaks
from processing.memory.units import MIB

#: The seed of every series that is drawn.
SEED = 1906


def run_in_one_seat(leaks: Leaks, sizes_mb: Iterable[float], name: str = "work") -> list[Leak]:
    """Begin `name` at each of these sizes, one second after the other."""
    found = [
        leaks.begin(second, pid=1, name=name, size_bytes=int(size_mb * MIB))
        for second, size_mb in enumerate(sizes_mb)
    ]
    return [leak for leak in found if leak is not None]


def climb(step_mb: float, *, start_mb: float = 50, count: int = 60) -> list[float]:
    return [start_mb + step_mb * number for number in range(count)]


def test_work_that_leaves_five_megabytes_each_time_is_named_with_its_numbers() -> None:
    [leak] = run_in_one_seat(Leaks(), climb(5, count=20))
    assert leak.name == "work"
    assert leak.describe() == (
        "the last 10 runs of work each left their seat larger, by 5.0 MB at the median; "
        "the last one was idle with 105 MB (pid 1)"
    )


def test_it_is_named_after_ten_runs_that_count() -> None:
    uncounted_first, begun_last = 1, 1
    sizes = climb(5, count=uncounted_first + RUNS + begun_last)
    assert not run_in_one_seat(Leaks(), sizes[:-1])
    assert run_in_one_seat(Leaks(), sizes)


def test_it_is_named_once_an_hour() -> None:
    leaks, named_at = Leaks(), []
    for second in range(int(2.5 * QUIET_SECONDS)):
        if leaks.begin(second, pid=1, name="work", size_bytes=second * 2 * MIB):
            named_at.append(second)
    first = RUNS + 1
    assert named_at == [first, first + QUIET_SECONDS, first + 2 * QUIET_SECONDS]


def test_the_growths_of_short_lived_seats_are_added_up() -> None:
    leaks, found = Leaks(), []
    for pid in range(12):
        for run in range(4):
            size_bytes = (50 + 5 * run) * MIB
            found.append(leaks.begin(0.0, pid=pid, name="work", size_bytes=size_bytes))
        leaks.leave(0.0, pid=pid, size_bytes=None)
    assert [leak.name for leak in found if leak] == ["work"]


def test_what_a_seat_leaves_at_its_end_counts_as_well() -> None:
    leaks, found = Leaks(), []
    for pid in range(RUNS):
        for size_mb in (50, 51):
            found.append(leaks.begin(0.0, pid=pid, name="work", size_bytes=size_mb * MIB))
        found.append(leaks.leave(0.0, pid=pid, size_bytes=67 * MIB))
    assert [leak.name for leak in found if leak] == ["work"]
    assert found[-1] is not None, "named when the tenth seat had ended"


def test_what_a_seat_has_given_back_at_its_end_clears_nobody() -> None:
    leaks, found = Leaks(), []
    for pid in range(RUNS):
        for size_mb in (50, 51, 56):
            found.append(leaks.begin(0.0, pid=pid, name="work", size_bytes=size_mb * MIB))
        found.append(leaks.leave(0.0, pid=pid, size_bytes=55 * MIB))
    assert [leak.name for leak in found if leak] == ["work"]


def test_the_leaking_one_of_two_is_named() -> None:
    leaks, found, size_mb = Leaks(), [], 50.0
    for second in range(100):
        name = "leaky" if second % 3 == 0 else "innocent"
        found.append(leaks.begin(second, pid=1, name=name, size_bytes=int(size_mb * MIB)))
        size_mb += 3 if name == "leaky" else 0.01
    assert [leak.name for leak in found if leak] == ["leaky"]


def test_a_first_run_that_loads_modules_is_no_leak() -> None:
    leaks = Leaks()
    for pid in range(200):
        for size_mb in (50, 140, 140):
            assert leaks.begin(0.0, pid=pid, name="work", size_bytes=size_mb * MIB) is None
        leaks.leave(0.0, pid=pid, size_bytes=None)


def test_growth_by_less_than_a_megabyte_is_not_named() -> None:
    assert not run_in_one_seat(Leaks(), climb(0.9))
    assert run_in_one_seat(Leaks(), climb(1.1))


def draw_noise(draw: random.Random) -> list[float]:
    return [draw.gauss(80, 8) for _ in range(20_000)]


def draw_saw(draw: random.Random) -> list[float]:
    return [60 + 4 * (number % 8) + draw.random() for number in range(20_000)]


def draw_warming_cache(draw: random.Random) -> list[float]:
    return [50 + min(40, 5 * number) + draw.random() for number in range(20_000)]


def draw_rare_steps(draw: random.Random) -> list[float]:
    return [50 + 10 * (number // 100) + draw.random() for number in range(2_000)]


@pytest.mark.parametrize("draw", [draw_noise, draw_saw, draw_warming_cache, draw_rare_steps])
def test_an_innocent_of_a_single_seat_is_not_named(
    draw: Callable[[random.Random], list[float]],
) -> None:
    assert not run_in_one_seat(Leaks(), draw(random.Random(SEED)))


@pytest.mark.parametrize("life", [3, 4, 10, 10_000])
def test_innocents_of_many_seats_are_not_named_however_long_those_live(life: int) -> None:
    draw, leaks = random.Random(SEED), Leaks()
    runs = dict.fromkeys(range(8), 0)
    for second in range(40_000):
        pid = draw.choice(list(runs))
        if runs[pid] == life:
            leaks.leave(0.0, pid=pid, size_bytes=None)
            del runs[pid]
            pid = 1000 + second
        runs[pid] = runs.get(pid, 0) + 1
        size_bytes = int(draw.gauss(80, 8) * MIB)
        name = draw.choice(["resize", "report"])
        assert leaks.begin(second, pid=pid, name=name, size_bytes=size_bytes) is None


def test_names_without_end_are_not_all_remembered() -> None:
    leaks = Leaks()
    for number in range(5 * MOST_NAMES):
        for _ in range(2):
            leaks.begin(0.0, pid=1, name=f"name {number}", size_bytes=MIB)
    assert len(leaks._growths) <= MOST_NAMES
    assert len(leaks._seats[1].known) <= MOST_NAMES
