"""upper, sha256 and gzip against the tools that everyone has: tr, sha256sum and gzip."""

from __future__ import annotations

import io
import os
import random
import subprocess

import pytest

from processing.processors import get_processor, load_processors
from processing.processors.compress import gzip
from processing.processors.sha256 import sha256
from processing.processors.upper import upper
from tests.processors.fake_job import FakeJob

CONTENTS = {
    "empty": b"",
    "every byte": bytes(range(256)) * 5_000,
    "text": "Grüße, señor Ærøskøbing ß ı ﬀ\r\n".encode() * 20_000,
    "random": random.Random(7).randbytes(1_500_000),
    "zeros": bytes(3_000_000),
}


@pytest.fixture(params=CONTENTS.values(), ids=CONTENTS.keys())
def content(request):
    return request.param


def run(function, content: bytes) -> tuple[object, bytes]:
    sink = io.BytesIO()
    result = function(FakeJob(source_bytes=len(content)), io.BytesIO(content), sink)
    return result, sink.getvalue()


def run_tool(*command: str, content: bytes) -> bytes:
    environment = {**os.environ, "LC_ALL": "C"}
    done = subprocess.run(command, input=content, capture_output=True, check=True, env=environment)
    return done.stdout


def test_upper_writes_what_tr_writes(content):
    result, written = run(upper, content)

    assert written == run_tool("tr", "a-z", "A-Z", content=content)
    assert result == {"bytes": len(content)}


def test_upper_leaves_utf8_whole():
    _, written = run(upper, "aé日z".encode())

    assert written.decode() == "Aé日Z"


def test_sha256_returns_what_sha256sum_prints_and_writes_nothing(content):
    result, written = run(sha256, content)

    printed = run_tool("sha256sum", content=content).split()[0].decode()
    assert result == {"bytes": len(content), "sha256": printed}
    assert written == b""


def test_gzip_writes_what_gzip_can_decompress(content):
    result, written = run(gzip, content)

    assert run_tool("gzip", "-d", content=written) == content
    assert result == {"bytes_in": len(content), "bytes_out": len(written)}


def test_gzip_writes_the_same_stream_each_time():
    content = CONTENTS["text"]
    _, written = run(gzip, content)

    assert run(gzip, content)[1] == written
    assert written[4:8] == bytes(4), "RFC 1952: no time is kept"
    assert written[3] == 0, "RFC 1952: no name is kept"
    assert len(written) < len(content) / 10


def test_the_sink_of_gzip_holds_gzip():
    load_processors()

    assert get_processor("gzip").media_type == "application/gzip"
    assert get_processor("gzip").function is gzip


@pytest.mark.parametrize("function", [upper, sha256, gzip])
def test_an_error_of_the_source_reaches_the_queue(function):
    class Broken(io.RawIOBase):
        def read(self, size=-1):
            raise OSError("disk gone")

    with pytest.raises(OSError, match="disk gone"):
        function(FakeJob(), Broken(), io.BytesIO())
