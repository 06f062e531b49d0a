"""Counting each page of a family once."""

from __future__ import annotations

import os

import pytest

from processing.memory import usage
from processing.memory.sharing import Sharing, find_counted, is_twin, read_sharing
from processing.memory.status import ProcessMemory, read_memory
from processing.memory.units import MIB


def hold(private_mib: int, *common: tuple[int, int]) -> Sharing:
    """A process with private memory, and pairs of shared memory and of how many hold that."""
    part_mib = private_mib + sum(size / count for size, count in common)
    return Sharing(part_bytes=int(part_mib * MIB), private_bytes=private_mib * MIB)


def count(own_mib: int, own: Sharing, **children: Sharing) -> list[int]:
    numbered = dict(enumerate(children.values()))
    return [round(counted / MIB) for counted in find_counted(own, own_mib * MIB, numbered).values()]


def test_what_children_share_with_the_first_process_is_in_its_own_count() -> None:
    child = hold(5, (90, 3))
    assert count(90, hold(0, (90, 3)), one=child, other=child) == [5, 5]


def test_what_all_share_with_strangers_is_in_its_own_count_too() -> None:
    child = hold(5, (60, 3), (42, 6))
    assert count(102, hold(0, (60, 3), (42, 6)), one=child, other=child) == [5, 5]


def test_what_children_share_without_the_first_process_counts_once() -> None:
    child = hold(1, (40, 2))
    assert count(30, hold(30), one=child, other=child) == [21, 21]


def test_a_program_shares_nothing() -> None:
    assert count(30, hold(30), program=hold(80)) == [80]
    assert count(30, hold(30)) == []


def test_twins_hold_as_much_and_could_fill_as_much() -> None:
    one = ProcessMemory(anonymous_bytes=40 * MIB, data_bytes=90 * MIB)
    assert is_twin(one, ProcessMemory(anonymous_bytes=40 * MIB + 4096, data_bytes=90 * MIB))
    assert not is_twin(one, ProcessMemory(anonymous_bytes=42 * MIB, data_bytes=90 * MIB))
    assert not is_twin(one, ProcessMemory(anonymous_bytes=40 * MIB, data_bytes=80 * MIB))


@pytest.mark.parametrize("has_smaps", [True, False], ids=["Linux", "macOS"])
def test_this_process_holds_memory_of_its_own(
    has_smaps: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "HAS_SMAPS", has_smaps and usage.HAS_SMAPS)
    sharing = read_sharing(os.getpid())
    assert 0 < sharing.private_bytes <= sharing.part_bytes
    assert sharing.part_bytes <= read_memory(os.getpid()).held_bytes + MIB
