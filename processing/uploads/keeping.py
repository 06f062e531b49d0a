"""Moving a finished upload into the store, for the event loop."""

from __future__ import annotations

import logging
import threading

from processing.uploads.handler import SpooledFile
from processing.uploads.store import get_store, keep_upload, make_source_name
from processing.uploads.store_threads import finish_on_store_thread, on_store_thread
from processing.uploads.stores.interface import Appender

logger = logging.getLogger(__name__)

BLOCK_BYTES = 256 * 1024
"""What a store thread moves before it looks after somebody else."""

WHOLE_BYTES = 4 * BLOCK_BYTES
"""A file of so many bytes is moved at once: what a store asks for to write bit by bit is not worth
it."""


async def keep_spooled(spooled: SpooledFile) -> str:
    """Move a finished upload into the store and close it; return its name there.

    As keep_upload does it, into a store that keeps_whole. Into any other block by block, and
    between two of them others may use the thread. Raises DiskFull and what the store raises;
    on any error, and after a cancellation, nothing is left in spool or store.
    """
    move = _Move(spooled)
    try:
        while await on_store_thread(move.take_step):
            pass
    except BaseException:
        await finish_on_store_thread(move.undo)
        raise
    return move.name


class _Move:
    """One upload on its way. When its task is cancelled, a step may be under way still: undo waits
    for its end."""

    def __init__(self, spooled: SpooledFile) -> None:
        self.name = ""
        self._spooled = spooled
        self._store = get_store()
        self._appender: Appender | None = None
        self._lock = threading.Lock()

    def take_step(self) -> bool:
        """Move the next block; True if there is more to do."""
        with self._lock:
            if self._is_moved_whole():
                self.name = keep_upload(self._spooled)
                return False
            if self._appender is None:
                self._appender = self._begin()
            if block := self._spooled.read(BLOCK_BYTES):
                self._appender.write(block)
                return True
            self._finish(self._appender)
            return False

    def undo(self) -> None:
        """Remove what there is of it; what cannot be removed is left to the sweep."""
        with self._lock, self._spooled:
            try:
                if self._appender is not None:
                    self._appender.abandon()
                if self.name:
                    self._store.delete(self.name)
            except Exception as error:
                logger.warning("%s is left to the sweep: %s", self.name, error)

    def _is_moved_whole(self) -> bool:
        return self._store.keeps_whole or (self._spooled.size or 0) <= WHOLE_BYTES

    def _begin(self) -> Appender:
        name = make_source_name()
        self._store.begin(name)
        self.name = name
        return self._store.append(name, 0, is_provisional=False)

    def _finish(self, appender: Appender) -> None:
        kept_bytes = appender.close()
        if kept_bytes != self._spooled.size:
            raise OSError(f"{kept_bytes} of {self._spooled.size} bytes are in the store.")
        self._store.finish(self.name, kept_bytes)
        self._spooled.close()
