"""tus: an upload is created beforehand, and its PATCH is what is sent and timed."""

from __future__ import annotations

import http.client
from collections.abc import Sequence
from contextlib import closing

from bench.load_line.ends import read_rows
from bench.queue.errors import NotMeasured
from bench.queue.measures.growth import ANSWER_SECONDS
from bench.uploads.pattern import find_digest
from bench.uploads.request import Answer, Request, send_raw

VERSION = {"Tus-Resumable": "1.0.0"}
CREATED = 201
DIGESTS_SQL = "SELECT sha256 FROM processing_upload WHERE size_bytes = {size_bytes}"


def prepare_patch(port: int, size_bytes: int) -> Request:
    """Create an upload; the PATCH that sends all of it. Raises NotMeasured."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=ANSWER_SECONDS)
    with closing(connection):
        connection.request(
            "POST", "/uploads/", headers=VERSION | {"Upload-Length": str(size_bytes)}
        )
        answer = connection.getresponse()
        text, location = answer.read(), answer.headers["Location"]
    if answer.status != CREATED:
        raise NotMeasured(f"creating an upload was answered {answer.status}: {text[:200]!r}")
    headers = {"Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    return send_raw("PATCH", location, size_bytes, VERSION | headers)


def check(url: str, requests: Sequence[Request], answers: Sequence[Answer]) -> None:
    """Every byte was taken, and its digest is in the database. Raises NotMeasured."""
    size_bytes = requests[0].size_bytes
    for answer in answers:
        if answer.headers.get("upload-offset") != str(size_bytes):
            raise NotMeasured(f"a PATCH was answered with {answer.headers}")
    digests = [digest for (digest,) in read_rows(url, DIGESTS_SQL.format(size_bytes=size_bytes))]
    if digests != [find_digest(b"", size_bytes, b"")] * len(requests):
        raise NotMeasured(f"of {len(requests)} uploads the digests are {digests}")
