"""Reading an object: how often it is asked for, and what happens to its connections."""

from __future__ import annotations

import os
from typing import Any

import psutil
import pytest
from django.core.files.base import ContentFile

from processing.errors import StoreUnavailable
from tests.s3_server import S3Server
from tests.uploads.stores.conftest import Place, make_pattern
from tests.uploads.stores.s3.cutting import cut_connections
from tests.uploads.stores.s3.dying import get_client

MIB = 1024 * 1024
NAME = "sources/ab/abc"
CONTENT = make_pattern(20 * MIB)


@pytest.fixture
def asked(s3_place: Place) -> list[str]:
    """The ranges that were asked for, of a file of 20 MiB."""
    s3_place.store.save(NAME, ContentFile(CONTENT))
    ranges: list[str] = []

    def record(params: dict[str, Any], **_: Any) -> None:
        ranges.append(params["headers"]["Range"])

    get_client().meta.events.register("before-call.s3.GetObject", record)
    return ranges


def count_connections(port: int) -> int:
    connections = psutil.Process(os.getpid()).net_connections("tcp4")
    return sum(1 for each in connections if each.raddr and each.raddr.port == port)


def test_whoever_reads_on_asks_for_more_at_once(s3_place: Place, asked: list[str]) -> None:
    with s3_place.store.open_stream(NAME) as stream:
        assert b"".join(iter(lambda: stream.read(65_536), b"")) == CONTENT

    ends = [MIB, 3 * MIB, 7 * MIB, 15 * MIB, 20 * MIB]
    assert asked == [f"bytes={a}-{b - 1}" for a, b in zip([0, *ends], ends, strict=False)]


def test_whoever_jumps_asks_for_little(s3_place: Place, asked: list[str]) -> None:
    with s3_place.store.open_stream(NAME) as stream:
        stream.seek(10 * MIB)
        assert stream.read(10) == CONTENT[10 * MIB : 10 * MIB + 10]
        stream.seek(-5, os.SEEK_END)
        assert stream.read() == CONTENT[-5:]

    assert asked == ["bytes=10485760-11534335", "bytes=20971515-20971519"]


def test_streams_leave_no_connection_behind(
    s3_place: Place, s3_server: S3Server, asked: list[str]
) -> None:
    streams = [s3_place.store.open_stream(NAME) for _ in range(30)]
    for stream in streams:
        assert stream.read(10) == CONTENT[:10]
    assert count_connections(s3_server.port) >= len(streams)

    for stream in streams:
        stream.close()

    assert count_connections(s3_server.port) <= 2  # what the calls before have used


def test_a_connection_that_breaks_is_replaced_where_it_was(
    s3_place: Place, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3_place.store.save(NAME, ContentFile(CONTENT))
    with cut_connections(s3_server.port, after_bytes=3 * MIB) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        store = type(s3_place.store)(bucket_name=s3_place.store.bucket_name, location="a/prefix")
        with store.open_stream(NAME) as stream:
            assert b"".join(iter(lambda: stream.read(100_000), b"")) == CONTENT
        store.connection.meta.client.close()


def test_a_reader_is_told_when_nothing_more_comes(
    s3_place: Place, s3_server: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3_place.store.save(NAME, ContentFile(CONTENT))
    with cut_connections(s3_server.port, after_bytes=3 * MIB) as port:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{port}")
        store = type(s3_place.store)(bucket_name=s3_place.store.bucket_name, location="a/prefix")
        stream = store.open_stream(NAME)
        assert stream.read(10) == CONTENT[:10]
        store.connection.meta.client.close()

    with stream, pytest.raises(StoreUnavailable):
        stream.read()
