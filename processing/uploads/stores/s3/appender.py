"""Writing on at the end of an unfinished file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import count

from processing.uploads.stores.s3.gathering import Gathering
from processing.uploads.stores.s3.kept import find_part, part_bytes
from processing.uploads.stores.s3.marker import Span
from processing.uploads.stores.s3.unfinished import UnfinishedFile


class S3Appender:
    """Gathers on the spool disk what makes a part, and sends it; the marker gets the rest.

    What it gathers begins with the tail of the file, where that is too small for a part.
    """

    def __init__(self, file: UnfinishedFile, offset: int, *, is_provisional: bool) -> None:
        self._file = file
        self._begun_at = offset
        self._is_provisional = is_provisional
        self._gathering = Gathering()
        try:
            kept = file.resume(offset, self._gathering)
        except BaseException:
            self._gathering.close()
            raise
        self._marker = kept.marker
        self._next_number = kept.next_number
        self._start = offset - self._gathering.size_bytes
        self._tail_bytes = self._gathering.size_bytes
        self._kept_bytes = offset
        self._has_sent_parts = self._is_closed = False

    def write(self, block: bytes) -> None:
        """See Appender."""
        assert not self._is_closed, "it is not closed"
        if self._is_provisional:
            self._gathering.write(block)
            return
        rest = memoryview(block)
        while rest:
            room_bytes = part_bytes(self._next_number) - self._gathering.size_bytes
            self._gathering.write(rest[:room_bytes])
            rest = rest[room_bytes:]
            if self._gathering.size_bytes == part_bytes(self._next_number):
                self._send_gathered()

    def close(self) -> int:
        """See Appender."""
        if not self._is_closed:
            self._is_closed = True
            with self._gathering:
                if self._is_provisional:
                    self._keep_provisional()
                else:
                    self._keep_tail()
        return self._kept_bytes

    def abandon(self) -> None:
        """See Appender."""
        if not self._is_closed:
            self._is_closed = True
            with self._gathering:
                if self._has_sent_parts:
                    self._gathering.clear()
                    self._file.resume(self._begun_at, self._gathering)
                self._kept_bytes = self._begun_at

    def _send_gathered(self) -> None:
        """Make a part of all that is gathered."""
        size_bytes = self._gathering.size_bytes
        self._send_part(self._next_number, 0, size_bytes)
        self._gathering.clear()
        self._start += size_bytes
        self._kept_bytes = self._start
        self._next_number += 1
        self._has_sent_parts = True

    def _send_part(self, number: int, position: int, size_bytes: int) -> None:
        self._file.send_part(self._marker, number, self._gathering, position, size_bytes)

    def _keep_tail(self) -> None:
        size_bytes = self._gathering.size_bytes
        if size_bytes and self._start + size_bytes != self._kept_bytes:
            tail = Span(start=self._start, length=size_bytes)
            marker = replace(self._marker, tail=tail, undo=None)
            self._file.put_marker(marker, self._gathering)
            self._kept_bytes = tail.end

    def _keep_provisional(self) -> None:
        """Keep all of it, or after a crash none; and let it be taken back, by whoever did not hear
        that it was kept."""
        sizes = list(self._split())
        if not sizes:
            self._keep_tail()
            return
        before = Span(start=self._start, length=self._tail_bytes)
        numbers = range(self._next_number, self._next_number + len(sizes))
        skipped = self._marker.skipped.union(numbers)
        pending = replace(self._marker, tail=before, undo=None, skipped=skipped)
        self._file.put_marker(pending, self._gathering)
        position = 0
        for number, size_bytes in zip(numbers, sizes, strict=True):
            self._send_part(number, position, size_bytes)
            position += size_bytes
        self._keep_with_undo(before, position)

    def _split(self) -> Iterator[int]:
        """The sizes of the parts that what is gathered makes, the rest left out."""
        rest_bytes = self._gathering.size_bytes
        for number in count(self._next_number):
            if rest_bytes < part_bytes(number):
                return
            rest_bytes -= part_bytes(number)
            yield part_bytes(number)

    def _keep_with_undo(self, before: Span, position: int) -> None:
        rest_bytes = self._gathering.size_bytes - position
        tail = Span(start=self._start + position, length=rest_bytes)
        marker = replace(self._marker, tail=tail, undo=before if before.length else None)
        with Gathering() as body:
            body.copy(self._gathering, 0, before.length)
            body.copy(self._gathering, position, rest_bytes)
            self._file.put_marker(marker, body)
        self._kept_bytes = tail.end


def find_gathered_bytes(offset: int, size_bytes: int | None, *, is_provisional: bool) -> int:
    """See UploadStore.find_spool_bytes: the tail of the file and what is appended, up to a part.

    All of a provisional piece, and when that makes parts, what the marker gets: the tail before it
    and the one behind.
    """
    start, most_bytes = find_part(offset)
    tail_bytes = offset - start
    gathered_bytes = tail_bytes + (most_bytes if size_bytes is None else size_bytes)
    if not is_provisional:
        return min(gathered_bytes, most_bytes)
    if gathered_bytes < most_bytes:
        return gathered_bytes
    return gathered_bytes + tail_bytes + gathered_bytes % most_bytes
