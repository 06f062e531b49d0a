"""Keeping the lease of the task that runs in this process."""

from __future__ import annotations

import logging
import threading

from django.db import Error, connection

from processing.queue.claims import RENEW_SECONDS, Delivery, renew_lease

logger = logging.getLogger(__name__)


class LeaseKeeper:
    """Renews one lease at a time from a thread of its own, started with the first task."""

    def __init__(self) -> None:
        self._delivery: Delivery | None = None
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    @property
    def delivery(self) -> Delivery | None:
        """What runs in this process now."""
        return self._delivery

    def hold(self, delivery: Delivery) -> None:
        """Renew this lease from now on, every RENEW_SECONDS."""
        self._set(delivery)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="lease", daemon=True)
            self._thread.start()

    def release(self) -> None:
        """Stop renewing: the task has ended."""
        self._set(None)

    def renew(self) -> None:
        """Renew once; a database that cannot be reached is met by the next renewal."""
        delivery = self._delivery
        if delivery is None:
            return
        try:
            if not renew_lease(delivery):
                logger.warning("job %s was taken by another worker", delivery)
        except Error as error:
            logger.warning("could not renew the lease of job %s: %s", delivery, error)
            connection.close()

    def _set(self, delivery: Delivery | None) -> None:
        with self._changed:
            self._delivery = delivery
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(self._holds_one)
                held = self._delivery
                self._changed.wait(RENEW_SECONDS)
            if self._delivery is held:
                self.renew()

    def _holds_one(self) -> bool:
        return self._delivery is not None


keeper = LeaseKeeper()
