"""What the bench of uploads takes for a measurement: only what did all that was asked."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from bench.load_line.place import Place
from bench.queue.errors import NotMeasured
from bench.uploads.measures.sending import check
from bench.uploads.pattern import PATTERN_BYTES, find_digest, make_pattern
from bench.uploads.request import Answer, Request, post_form
from bench.uploads.systems.bare import BARE_HASH, SINK
from bench.uploads.systems.django import DJANGO, DJANGO_HASH
from bench.uploads.systems.system import System
from bench.web.stage import Stage

SIZE_BYTES = 2 * PATTERN_BYTES + 100


def judge(system: System, body: str, status: int = 202) -> None:
    stage = Stage(system=system, python=Path(), place=Place(folder=Path(), url=""))
    check(stage, [post()], [answer(body, status)])


def post() -> Request:
    return post_form("/upload_file", SIZE_BYTES)


def answer(body: str, status: int) -> Answer:
    return Answer(began_at=0, sent_at=1, answered_at=2, status=status, headers={}, body=body)


def tell(size_bytes: int, sha256: str) -> str:
    return json.dumps({"bytes": size_bytes, "sha256": sha256})


def hash_pattern() -> str:
    pattern = make_pattern()
    return hashlib.sha256(pattern * 2 + pattern[:100]).hexdigest()


def test_the_digest_is_that_of_what_is_sent() -> None:
    assert find_digest(b"", SIZE_BYTES, b"") == hash_pattern()
    assert find_digest(b"a", 0, b"b") == hashlib.sha256(b"ab").hexdigest()


def test_a_file_that_was_kept_as_it_was_sent_is_a_measurement() -> None:
    judge(DJANGO_HASH, tell(SIZE_BYTES, hash_pattern()))
    judge(DJANGO, tell(SIZE_BYTES, ""))
    judge(SINK, "", status=200)


def test_who_keeps_the_whole_body_has_the_digest_of_it() -> None:
    length = len(post().before) + SIZE_BYTES + len(post().after)
    digest = find_digest(post().before.encode(), SIZE_BYTES, post().after.encode())
    judge(BARE_HASH, tell(length, digest))
    with pytest.raises(NotMeasured, match="something else"):
        judge(BARE_HASH, tell(SIZE_BYTES, hash_pattern()))


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (tell(SIZE_BYTES - 1, hash_pattern()), 202),
        (tell(SIZE_BYTES, "0" * 64), 202),
        (tell(SIZE_BYTES, hash_pattern()), 503),
        ("", 0),
    ],
)
def test_less_than_was_asked_is_no_measurement(body: str, status: int) -> None:
    with pytest.raises(NotMeasured):
        judge(DJANGO_HASH, body, status)
