"""How fast a body has to come: slowly is allowed, hardly at all is not."""

from __future__ import annotations

from processing.errors import BodyStalled

#: A pace is judged over so much waiting for the client, in seconds, and then from anew: a line that
#: is away for ten seconds now and then is an honest one.
WINDOW_SECONDS = 60.0


class Pace:
    """Adds up what a client sends, and how long we waited for it.

    Only the waiting counts: it is not the client's fault where our own disk is slow.
    """

    def __init__(self, least_bytes_per_second: int) -> None:
        self._least_bytes_per_second = least_bytes_per_second
        self._waited_seconds = 0.0
        self._received_bytes = 0

    def record(self, waited_seconds: float, received_bytes: int) -> None:
        """Count a piece of the body. Raises BodyStalled when a window ends with too little."""
        self._waited_seconds += waited_seconds
        self._received_bytes += received_bytes
        if self._waited_seconds < WINDOW_SECONDS:
            return
        if self._received_bytes < self._least_bytes_per_second * self._waited_seconds:
            raise BodyStalled(
                f"The body brought {self._received_bytes} bytes in {self._waited_seconds:.0f} "
                f"seconds; at least {self._least_bytes_per_second} each second must come "
                "(UPLOAD_MIN_BYTES_PER_SECOND)."
            )
        self._waited_seconds, self._received_bytes = 0.0, 0
