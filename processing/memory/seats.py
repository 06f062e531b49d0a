"""Places for work of one kind, where each is a share of memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Seats:
    """Of one process, and kept on its event loop's thread, without a lock. Its `len` is how many
    are taken."""

    def __init__(self) -> None:
        self._taken_count = 0

    def __len__(self) -> int:
        return self._taken_count

    @contextmanager
    def take(self, most: int, refusal: Callable[[], Exception]) -> Iterator[None]:
        """Hold one of `most` while the block runs; raises what `refusal` makes if all are taken."""
        if self._taken_count >= most:
            raise refusal()
        self._taken_count += 1
        try:
            yield
        finally:
            self._taken_count -= 1
