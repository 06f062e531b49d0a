"""Memory samples on their way into the database, which may be away for a while."""

from __future__ import annotations

import logging
from collections import deque

from django.db import DatabaseError, InterfaceError, OperationalError

from processing.models import MemorySample

logger = logging.getLogger(__name__)

#: So many wait at most, the newest: an hour of a cluster with 16 seats.
MOST_UNWRITTEN = 1000
#: Rows of one statement; SQLite takes 999 parameters in some builds, and a row has ten.
BATCH_ROWS = 90


class UnwrittenSamples:
    """Samples in the order in which they were taken. Two threads may use it, one of them to write.

    The one that adds never waits for the other.
    """

    def __init__(self) -> None:
        self._samples: deque[MemorySample] = deque(maxlen=MOST_UNWRITTEN)

    def __len__(self) -> int:
        return len(self._samples)

    def add(self, sample: MemorySample) -> None:
        """One more to be written; when there are too many the oldest is forgotten."""
        self._samples.append(sample)

    def write(self) -> None:
        """Write all of them, in one transaction.

        What the database refuses is dropped: the chart is not worth more than that. Raises
        OperationalError or InterfaceError while it is away, and then they wait on.
        """
        taken = [self._samples.popleft() for _ in range(len(self._samples))]
        try:
            MemorySample.objects.bulk_create(taken, batch_size=BATCH_ROWS)
        except (OperationalError, InterfaceError):
            self._put_back(taken)
            raise
        except DatabaseError:
            logger.exception("%s memory samples could not be kept", len(taken))

    def _put_back(self, taken: list[MemorySample]) -> None:
        room = MOST_UNWRITTEN - len(self._samples)
        self._samples.extendleft(reversed(taken[-room:] if room else []))
