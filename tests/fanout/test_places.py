"""Each URL is fetched once, as far as what was sent may be kept for where it is sent again."""

from __future__ import annotations

import pytest

from processing.fanout.places import find_places
from processing.fanout.targets import parse_targets


@pytest.mark.parametrize(
    ("asked", "groups", "kept_count"),
    [
        ("", [], 0),
        ("abc", [[0], [1], [2]], 0),
        ("aaaa", [[0, 1, 2, 3]], 0),
        ("aabb", [[0, 1], [2, 3]], 0),
        ("aba", [[0, 2], [1]], 1),
        ("abab", [[0, 2], [1, 3]], 1),
        ("abcab", [[0, 3], [1, 4], [2]], 2),
        ("abcaba", [[0, 3, 5], [1, 4], [2]], 2),
        ("abcdabcd", [[0, 4], [1, 5], [2], [3], [6], [7]], 2),
        ("abcabcdd", [[0, 3], [1, 4], [2], [5], [6, 7]], 2),
    ],
)
def test_the_places_of_each_url(asked: str, groups: list[list[int]], kept_count: int) -> None:
    targets = parse_targets([f"http://example.com/{letter}" for letter in asked])
    places = find_places(targets, most_kept_count=2)
    assert places.groups == groups
    assert places.kept_count == kept_count


def test_without_a_bound_each_url_is_fetched_once() -> None:
    targets = parse_targets([f"http://example.com/{index % 20}" for index in range(50)])
    places = find_places(targets)
    assert len(places.groups) == 20
    assert places.kept_count == 19
