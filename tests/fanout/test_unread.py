"""What connections hold whose answers find no room: their upstreams wait."""

from __future__ import annotations

import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service import DEFAULTS, ROOT, make_environment
from tests.web.megabyte import MIB, serve_megabyte

CERTIFICATE = Path(__file__).with_name("localhost.pem")
URL_COUNT = 50
#: For each: what is read ahead of the two bodies that have room, and what TLS itself takes.
MOST_KIB = {"http": 128, "https": 256}


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_fifty_answers_of_a_megabyte_that_wait_hold_little(scheme: str) -> None:
    tls = None
    if scheme == "https":
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(CERTIFICATE)
    with serve_megabyte(tls) as url:
        urls = [f"{url}?{number}" for number in range(URL_COUNT + 1)]
        done = subprocess.run(
            [sys.executable, "-m", "tests.fanout.unread", str(CERTIFICATE), *urls],
            cwd=ROOT,
            env=make_environment(**DEFAULTS, DJANGO_SETTINGS_MODULE="project.settings"),
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 2 * MIB + URL_COUNT * MOST_KIB[scheme] * 1024
