"""A process is killed while it writes to a store; what was said to be kept is there."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.service import ROOT
from tests.uploads.stores.appending import BLOCK_BYTES, make_block
from tests.uploads.stores.conftest import Place

pytestmark = pytest.mark.django_db(transaction=True)

NAME = "sources/ab/abc"
#: More than any store gathers before it writes.
WRITTEN_BLOCKS = 200
WAIT_SECONDS = 60


@contextmanager
def appending(place: Place) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "tests.uploads.stores.appending", "forever", NAME]
    env = place.make_environment() | {"DJANGO_SETTINGS_MODULE": "project.settings"}
    process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=subprocess.PIPE)
    try:
        yield process
    finally:
        process.kill()
        process.communicate(timeout=WAIT_SECONDS)


def make_content(size_bytes: int) -> bytes:
    blocks = range(0, size_bytes, BLOCK_BYTES)
    return b"".join(make_block(offset) for offset in blocks)[:size_bytes]


@pytest.mark.parametrize("blocks", [1, WRITTEN_BLOCKS])
def test_a_killed_writer_leaves_a_file_that_can_be_written_on(place: Place, blocks: int) -> None:
    place.store.begin(NAME)
    with appending(place) as writer:
        assert writer.stdout is not None
        for _ in range(blocks):
            assert writer.stdout.readline()

    kept_bytes = place.store.measure(NAME)
    if blocks == WRITTEN_BLOCKS:
        assert kept_bytes > 0

    end = kept_bytes - kept_bytes % BLOCK_BYTES
    appender = place.store.append(NAME, end, is_provisional=False)
    appender.write(make_block(end))
    place.store.finish(NAME, appender.close())
    assert place.read(NAME) == make_content(end + BLOCK_BYTES)
