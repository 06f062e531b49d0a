"""What processes write, cut into lines, as it comes."""

from __future__ import annotations

import os
import selectors
from collections.abc import Callable
from contextlib import suppress
from typing import IO

CHUNK_BYTES = 65_536
#: A longer line is cut: https://devcenter.heroku.com/articles/limits
LINE_MOST_BYTES = 10_000
#: What is read of a pipe after its process ended; it holds 64 KiB unless it was made larger.
LAST_CHUNKS = 16

TakeLine = Callable[[str], object]


class Pipe:
    """The output of one process."""

    def __init__(self, file: IO[bytes], take_line: TakeLine) -> None:
        self.file = file
        self._take_line = take_line
        self._rest = b""
        os.set_blocking(file.fileno(), False)

    def read(self) -> bool:
        """Pass on the lines that have come; whether there may be more."""
        with suppress(BlockingIOError):
            chunk = os.read(self.file.fileno(), CHUNK_BYTES)
            *lines, self._rest = (self._rest + chunk).split(b"\n")
            for line in lines:
                self._take(line)
            while len(self._rest) > LINE_MOST_BYTES:
                self._take(self._rest[:LINE_MOST_BYTES])
                self._rest = self._rest[LINE_MOST_BYTES:]
            return bool(chunk)
        return False

    def close(self) -> None:
        """Pass on what is left, the last line also without its end."""
        for _ in range(LAST_CHUNKS):
            if not self.read():
                break
        if self._rest:
            self._take(self._rest)
        self.file.close()

    def _take(self, line: bytes) -> None:
        for start in range(0, max(len(line), 1), LINE_MOST_BYTES):
            part = line[start : start + LINE_MOST_BYTES]
            self._take_line(part.decode(errors="replace").rstrip("\r"))


class Outputs:
    """The pipes of all processes that run."""

    def __init__(self) -> None:
        self._selector = selectors.DefaultSelector()

    def add(self, file: IO[bytes], take_line: TakeLine) -> Pipe:
        """Read `file` from now on."""
        pipe = Pipe(file, take_line)
        self._selector.register(file, selectors.EVENT_READ, pipe)
        return pipe

    def remove(self, pipe: Pipe) -> None:
        """Take its last lines."""
        with suppress(KeyError):  # it came to its end before its process did
            self._selector.unregister(pipe.file)
        pipe.close()

    def pump(self, seconds: float) -> None:
        """Wait for output, for so long at most, and take a chunk of each pipe that has some."""
        for key, _ in self._selector.select(max(seconds, 0.0)):
            if not key.data.read():
                self._selector.unregister(key.fileobj)
