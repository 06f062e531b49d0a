"""What a processor gets as its first argument, and what it may return."""

from __future__ import annotations

from typing import Protocol, TypeAlias

JSONValue: TypeAlias = "dict[str, JSONValue] | list[JSONValue] | str | int | float | bool | None"
"""A value that JSON can hold. NaN and the infinities are floats, but JSON has no word for them."""


class ProcessorJob(Protocol):
    """The running job, as far as a processor may know it. The queue provides it."""

    @property
    def id(self) -> str:
        """The job's id, as in /jobs/<id>."""

    @property
    def processor(self) -> str:
        """The name under which the running processor is registered."""

    @property
    def attempt(self) -> int:
        """1 for the first attempt, 2 for the first retry."""

    @property
    def filename(self) -> str:
        """The name that the client gave the file; empty for a JSON job."""

    @property
    def source_bytes(self) -> int | None:
        """The size of the source; None if it is not known, and for a JSON job."""

    def report_progress(self, fraction: float) -> None:
        """Say which part of the work is done, from 0.0 to 1.0. Cheap enough for once per MiB."""
