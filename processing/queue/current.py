"""What this process runs, where it is a seat."""

from __future__ import annotations

from typing import Any

from processing.queue.claims import Delivery


class CurrentJob:
    """The delivery that the seat has in hand, and the columns that its result will fill."""

    def __init__(self) -> None:
        self.delivery: Delivery | None = None
        self.result_columns: dict[str, Any] = {}

    def begin(self, delivery: Delivery) -> None:
        """The seat has taken this delivery."""
        self.delivery = delivery
        self.result_columns = {}

    def end(self) -> None:
        """It has told how the delivery ended."""
        self.delivery = None
        self.result_columns = {}


current = CurrentJob()
