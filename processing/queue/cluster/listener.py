"""Being woken by the database's sign, while there is a reason to be."""

from __future__ import annotations

import os
import selectors
from collections.abc import Callable


class Listener:
    """Waits in `selector` for the descriptor of a wake-up, and calls `answer`."""

    def __init__(self, selector: selectors.BaseSelector, answer: Callable[[], None]) -> None:
        self._selector = selector
        self._answer = answer
        self._descriptor: int | None = None
        self._is_listening = False

    def open(self, descriptor: int | None) -> None:
        """Listen to this from now on.

        To a copy of it: the driver closes its own when it loses the server, and then a seat's
        socket may get that number.
        """
        self._descriptor = None if descriptor is None else os.dup(descriptor)

    def listen(self, *, is_waiting: bool) -> None:
        """Be woken, or be left alone."""
        if self._descriptor is None or is_waiting == self._is_listening:
            return
        if is_waiting:
            self._selector.register(self._descriptor, selectors.EVENT_READ, self._answer)
        else:
            self._selector.unregister(self._descriptor)
        self._is_listening = is_waiting

    def close(self) -> None:
        """Listen to nothing; more than once is harmless."""
        self.listen(is_waiting=False)
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
