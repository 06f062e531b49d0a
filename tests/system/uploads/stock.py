"""What a service keeps after a sweep that takes nothing for young, and what of it nobody owns."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass

from tests.service import ROOT

STOCK_SECONDS = 60


@dataclass(frozen=True, kw_only=True)
class Stock:
    """Names of files, and counts of rows."""

    spooled: list[str]
    stored: list[str]
    owned: list[str]
    unfinished_count: int
    idle_upload_count: int
    loose_chunk_count: int
    """Rows of the database store that are of no file any more."""

    wrong_digests: list[str]

    def check(self) -> None:
        """Fail where there is a file without an owner, an owner without its file, or a digest that
        is not its file's."""
        stored, owned = set(self.stored), set(self.owned)
        assert not self.spooled, self.spooled
        assert stored == owned, f"without an owner {stored - owned}, or a file {owned - stored}"
        assert not self.unfinished_count, f"{self.unfinished_count} unfinished uploads"
        assert not self.idle_upload_count, f"{self.idle_upload_count} uploads without a job"
        assert not self.loose_chunk_count, f"{self.loose_chunk_count} chunks behind their file"
        assert not self.wrong_digests, self.wrong_digests


def sweep(env: Mapping[str, str]) -> Stock:
    """Sweep in a process of its own with the service's settings; then look."""
    command = [sys.executable, "-m", "tests.system.uploads.sweep_now"]
    done = subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, timeout=STOCK_SECONDS
    )
    assert done.returncode == 0, done.stderr
    return Stock(**json.loads(done.stdout.splitlines()[-1]))
