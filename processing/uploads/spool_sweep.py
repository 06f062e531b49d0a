"""Removing temp files that a crash left in this machine's spool."""

from __future__ import annotations

import logging
import time

from django.conf import settings

from processing.processors import known_processors
from processing.uploads.spool import iter_spooled, remove_spooled

logger = logging.getLogger(__name__)

#: A file this young may belong to an upload or a job that has not said so yet, in seconds. An
#: upload writes at least every BODY_STALL_SECONDS, a job's sink whenever its processor does.
YOUNG_SECONDS = 3600
#: How often a process that receives uploads looks after the spool, in seconds.
SWEEP_EVERY_SECONDS = 3600.0

_swept_at = float("-inf")


def find_young_seconds() -> float:
    """How old a file must be before nothing can be about to say that it owns it."""
    timeouts = [known.timeout_seconds or 0 for known in known_processors()]
    return max(YOUNG_SECONDS, settings.TASK_TIMEOUT_SECONDS, *timeouts)


def sweep_spool(*, dry_run: bool = False) -> tuple[int, int]:
    """Remove what is too old to be in use; returns the number of files and of their bytes."""
    cutoff = time.time() - find_young_seconds()
    files = freed_bytes = 0
    for spooled in iter_spooled():
        if spooled.modified_at < cutoff:
            files, freed_bytes = files + 1, freed_bytes + spooled.size_bytes
            if not dry_run:
                remove_spooled(spooled.name)
    return files, freed_bytes


def sweep_spool_if_due() -> None:
    """Sweep once an hour, for a machine where no worker does it. It blocks, and raises nothing."""
    global _swept_at
    if time.monotonic() < _swept_at + SWEEP_EVERY_SECONDS:
        return
    _swept_at = time.monotonic()
    try:
        sweep_spool()
    except OSError as error:
        logger.warning("the spool was not swept: %s", error)
