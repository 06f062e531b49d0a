"""Upload-Checksum: the digest that the body of one request must have."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Protocol

from processing.errors import ChecksumMismatch, InvalidHeader, UnsupportedAlgorithm
from processing.web.request import ApiRequest
from processing.web.tus.headers import decode_base64, read_header

NAME = "Upload-Checksum"


class Hash(Protocol):
    """The part of hashlib's objects that is used."""

    @property
    def digest_size(self) -> int:
        """The length of a digest in bytes."""

    def update(self, data: bytes, /) -> None:
        """Take the next bytes."""

    def digest(self) -> bytes:
        """Of what was taken."""


ALGORITHMS: dict[str, Callable[[], Hash]] = {
    "sha1": partial(hashlib.sha1, usedforsecurity=False),  # tus asks for it
    "sha256": hashlib.sha256,
}


@dataclass(frozen=True, kw_only=True)
class Checksum:
    """What a body must hash to; feed it to `hash` and ask `check`."""

    hash: Hash
    expected: bytes

    def check(self) -> None:
        """Raise ChecksumMismatch unless what was hashed is what was meant."""
        if self.hash.digest() != self.expected:
            raise ChecksumMismatch


def read_checksum(request: ApiRequest) -> Checksum | None:
    """Upload-Checksum, None without one. Raises InvalidHeader, UnsupportedAlgorithm."""
    text = read_header(request, NAME)
    if text is None:
        return None
    algorithm, _, value = text.partition(" ")
    if algorithm not in ALGORITHMS:
        raise UnsupportedAlgorithm(
            f"{NAME} names {algorithm[:100]!r}; this service knows {', '.join(ALGORITHMS)}."
        )
    checksum = Checksum(hash=ALGORITHMS[algorithm](), expected=decode_base64(value.strip(), NAME))
    if len(checksum.expected) != checksum.hash.digest_size:
        raise InvalidHeader(f"{NAME} has {len(checksum.expected)} bytes, too many or too few.")
    return checksum
