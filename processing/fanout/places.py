"""At which places of one request each URL is asked for."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass

import yarl

from processing.fanout.targets import Target


@dataclass(frozen=True, kw_only=True)
class Places:
    """`groups` has the places of each URL that is fetched, in order, by the first one of each.

    While bodies are sent by their places, at most `kept_count` at once that were sent are kept
    for a later place, beside the one that is next.
    """

    groups: list[list[int]]
    kept_count: int


def find_places(targets: Sequence[Target], *, most_kept_count: int = sys.maxsize) -> Places:
    """Find where each URL is asked for, so that it is fetched once.

    Where more than `most_kept_count` bodies would be kept at once, a URL is fetched again.
    """
    urls = [target.request_url for target in targets]
    last = {url: index for index, url in enumerate(urls)}
    groups: list[list[int]] = []
    kept: dict[yarl.URL, list[int]] = {}
    kept_count = 0
    for index, url in enumerate(urls):
        group = kept.get(url)
        if group is None:
            kept_count = max(kept_count, len(kept))
            group = []
            groups.append(group)
            if len(kept) < most_kept_count:
                kept[url] = group
        group.append(index)
        if last[url] == index:
            kept.pop(url, None)
    return Places(groups=groups, kept_count=kept_count)
