"""The project's own tree keeps the rules of tests/layout; each message says what would do."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest

from tests.layout.habits import (
    find_environment_readers,
    find_long_files,
    find_prints,
    find_vague_names,
)
from tests.layout.rooms import find_strangers, find_unknown_rooms, find_wrong_arrows
from tests.layout.sources import Source, read_sources

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    found = read_sources(ROOT)
    assert any(source.is_under("processing") for source in found)
    return found


def report(rule: Callable[[Iterable[Source]], Iterator[str]], sources: list[Source]) -> None:
    if broken := list(rule(sources)):
        pytest.fail("\n".join(broken), pytrace=False)


def test_rooms_import_only_rooms_below_them(sources: list[Source]) -> None:
    report(find_wrong_arrows, sources)


def test_every_file_of_processing_is_in_a_known_room(sources: list[Source]) -> None:
    report(find_unknown_rooms, sources)


def test_only_their_keepers_import_django_q_and_the_http_clients(sources: list[Source]) -> None:
    report(find_strangers, sources)


def test_only_the_settings_read_the_environment(sources: list[Source]) -> None:
    report(find_environment_readers, sources)


def test_no_file_is_longer_than_250_lines(sources: list[Source]) -> None:
    report(find_long_files, sources)


def test_no_file_has_a_name_that_says_nothing(sources: list[Source]) -> None:
    report(find_vague_names, sources)


def test_nothing_but_commands_prints(sources: list[Source]) -> None:
    report(find_prints, sources)
