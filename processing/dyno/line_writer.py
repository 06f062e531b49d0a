"""Where the log goes, until whoever reads it goes away."""

from __future__ import annotations

import errno
import os
import signal
from typing import TextIO

#: What a write fails with when the reader of a pipe has ended (`| head`) or a terminal is closed.
READER_GONE = {errno.EPIPE, errno.EIO}
#: How a shell tells of a program that such a write ended.
GONE_STATUS = 128 + signal.SIGPIPE


class LineWriter:
    """Writes lines at once; when nobody reads them any more it says so, and drops the rest."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.is_reader_gone = False

    def __call__(self, line: str) -> None:
        """Write it."""
        try:
            self._file.write(line + "\n")
            self._file.flush()
        except OSError as error:
            if error.errno not in READER_GONE:
                raise
            self.is_reader_gone = True
            self._drop_the_rest()

    def _drop_the_rest(self) -> None:
        """What is buffered, or written by others, too: Python would complain of it at its end."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._file.fileno())
        os.close(nowhere)
