from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

MIB = 1024 * 1024
LARGE_MIB = 300
MAX_ADDED_BYTES = 8 * MIB


def test_a_large_upload_adds_next_to_nothing_to_the_process(spool: Path) -> None:
    command = [sys.executable, "-m", "tests.uploads.large_upload", str(spool), str(LARGE_MIB)]
    measured = subprocess.run(command, capture_output=True, check=True, timeout=120)

    answer = json.loads(measured.stdout)
    assert answer["bytes"] == LARGE_MIB * MIB
    assert answer["sha256_is_right"]
    assert answer["added_bytes"] < MAX_ADDED_BYTES
