"""What is remembered of an unfinished file: an object beside the place where it will be."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

#: What the marker's key has behind that of the file.
MARKER_SUFFIX = ".unfinished"


@dataclass(frozen=True, kw_only=True)
class Span:
    """Bytes of the file that lie in the marker, because they are too few for a part."""

    start: int
    length: int

    @property
    def end(self) -> int:
        """The offset behind them."""
        return self.start + self.length


@dataclass(frozen=True, kw_only=True)
class Marker:
    """An object whose metadata tell of the multipart upload, and whose body is what it lacks.

    It is replaced as a whole, so that a crash leaves the old one or the new one. S3 takes 2 KB of
    metadata (https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingMetadata.html); a bit for
    each of 10,000 parts is 1,668 characters of them at most.
    """

    upload_id: str

    tail: Span
    """The last bytes of the file, unless the parts have gone on beyond its start."""

    undo: Span | None = None
    """The tail before the last append, when that is in parts now and may yet be taken back. Its
    bytes come first in the body."""

    skipped: frozenset[int] = frozenset()
    """Numbers of parts that do not belong to the file. S3 has no way to remove a part."""

    @property
    def body_bytes(self) -> int:
        """The size of the body."""
        return self.tail.length + (self.undo.length if self.undo else 0)

    def find_in_body(self, span: Span) -> int:
        """Where the bytes of `tail` or `undo` begin in the body."""
        return self.undo.length if self.undo and span == self.tail else 0

    def to_metadata(self) -> dict[str, str]:
        """The marker as the metadata of its object."""
        metadata = {"upload": self.upload_id, "start": str(self.tail.start)}
        if self.undo:
            metadata["undo"] = f"{self.undo.start}+{self.undo.length}"
        if self.skipped:
            metadata["skipped"] = _write_numbers(self.skipped)
        return metadata

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, str], body_bytes: int) -> Marker:
        """The marker that an object with a body of this size stands for."""
        undo = _read_span(metadata["undo"]) if "undo" in metadata else None
        tail_bytes = body_bytes - (undo.length if undo else 0)
        return cls(
            upload_id=metadata["upload"],
            tail=Span(start=int(metadata["start"]), length=tail_bytes),
            undo=undo,
            skipped=_read_numbers(metadata.get("skipped", "")),
        )


def _read_span(text: str) -> Span:
    start, _, length = text.partition("+")
    return Span(start=int(start), length=int(length))


def _write_numbers(numbers: Iterable[int]) -> str:
    """Base64 of a bit for each number up to the highest one."""
    bits = sum(1 << number for number in numbers)
    return urlsafe_b64encode(bits.to_bytes(bits.bit_length() // 8 + 1, "little")).decode()


def _read_numbers(text: str) -> frozenset[int]:
    bits = int.from_bytes(urlsafe_b64decode(text), "little")
    return frozenset(number for number in range(bits.bit_length()) if bits >> number & 1)
