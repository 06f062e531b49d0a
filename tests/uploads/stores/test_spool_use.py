"""What a store has on the spool disk of a file that comes bit by bit, and what it says it has."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from processing.uploads.stores.s3.gathering import Gathering
from tests.uploads.stores.conftest import Place, make_pattern

MIB = 1024 * 1024
NAME = "sources/ab/abc"
CONTENT = make_pattern(23 * MIB)


@pytest.fixture
def spool(settings: Settings, tmp_path: Path) -> Path:
    settings.UPLOAD_SPOOL_DIR = tmp_path / "spool"
    return tmp_path / "spool"


def measure_folder(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def record_peak(monkeypatch: pytest.MonkeyPatch, spool: Path) -> list[int]:
    """The size of the spool whenever something was written there, and 0 at first."""
    sizes = [0]
    original = Gathering.write

    def write(self: Gathering, block: bytes | memoryview) -> None:
        original(self, block)
        sizes.append(measure_folder(spool))

    monkeypatch.setattr(Gathering, "write", write)
    return sizes


@pytest.mark.parametrize("is_provisional", [False, True])
@pytest.mark.parametrize(
    ("offset", "end"),
    [(0, 1000), (MIB, 3 * MIB), (3 * MIB, 8 * MIB), (3 * MIB, 15 * MIB), (9 * MIB, 23 * MIB)],
)
def test_a_bucket_takes_as_much_of_the_spool_as_it_says(
    s3_place: Place,
    spool: Path,
    monkeypatch: pytest.MonkeyPatch,
    offset: int,
    end: int,
    is_provisional: bool,
) -> None:
    s3_place.store.begin(NAME)
    before = s3_place.store.append(NAME, 0, is_provisional=False)
    before.write(CONTENT[:offset])
    before.close()
    sizes = record_peak(monkeypatch, spool)

    appender = s3_place.store.append(NAME, offset, is_provisional=is_provisional)
    for start in range(offset, end, MIB):
        appender.write(CONTENT[start : min(start + MIB, end)])
    assert appender.close() == end

    told_bytes = s3_place.store.find_spool_bytes(
        offset, end - offset, is_provisional=is_provisional
    )
    assert max(sizes) == told_bytes
    assert measure_folder(spool) == 0


@pytest.mark.parametrize("kind", ["folder", "database"])
@pytest.mark.parametrize("is_provisional", [False, True])
def test_others_take_nothing_of_it(
    request: pytest.FixtureRequest, db: None, spool: Path, kind: str, is_provisional: bool
) -> None:
    place: Place = request.getfixturevalue(f"{kind}_place")
    place.store.begin(NAME)
    appender = place.store.append(NAME, 0, is_provisional=is_provisional)
    appender.write(CONTENT[:MIB])
    assert measure_folder(spool) == 0
    assert place.store.find_spool_bytes(0, MIB, is_provisional=is_provisional) == 0
    assert appender.close() == MIB


def test_a_large_file_has_larger_parts(s3_place: Place) -> None:
    store = s3_place.store
    told = [
        store.find_spool_bytes(offset, None, is_provisional=False)
        for offset in (0, 5500 * 8 * MIB - 1, 5500 * 8 * MIB, 10**12)
    ]
    assert told == [8 * MIB, 8 * MIB, 16 * MIB, 1024 * MIB]
