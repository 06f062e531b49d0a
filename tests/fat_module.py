"""A web process that can be made fat: listed in PROCESSOR_MODULES, it does as a file says.

Forked processes watch the folder of UPLOAD_SPOOL_DIR. One whose "grow-PID" is there takes so many
MiB as it says and never gives them back; then the file is gone.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from django.conf import settings

POLL_SECONDS = 0.05
MIB = 1024 * 1024

_held: list[bytearray] = []


def make_fat(spool: Path, pid: int, size_mib: int) -> None:
    """Have the process hold so much more; what it held before by this is given up."""
    spool.mkdir(exist_ok=True)
    part = spool / f"part-{pid}"
    part.write_text(str(size_mib))
    part.rename(spool / f"grow-{pid}")


def _watch() -> None:
    wish = Path(settings.UPLOAD_SPOOL_DIR) / f"grow-{os.getpid()}"
    while True:
        if wish.exists():
            _held[:] = [bytearray(b"x" * MIB) for _ in range(int(wish.read_text()))]
            wish.unlink()
        time.sleep(POLL_SECONDS)


def _start_watching() -> None:
    _held.clear()
    threading.Thread(target=_watch, daemon=True).start()


os.register_at_fork(after_in_child=_start_watching)
