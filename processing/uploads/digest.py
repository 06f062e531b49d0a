"""SHA-256 that can be put aside and gone on with, in another process too.

hashlib keeps its state to itself. The libcrypto that it is linked to has it as a plain struct
(https://docs.openssl.org/3.0/man3/SHA256_Init/), which is used where it can be found and agrees
with hashlib. Elsewhere there are no states, and a file that came in several requests is read again.
"""

from __future__ import annotations

import ctypes
import hashlib
import struct
import threading
from functools import cache
from typing import NamedTuple, Protocol

#: SHA256_CTX of <openssl/sha.h>: 8 words of state, the length in bits in 2, 16 of the block that is
#: not full, the number of bytes in it, the digest's length.
CONTEXT = struct.Struct("=8I2I64sII")
DIGEST_BYTES = 32
BLOCK_BYTES = 64


class DigestState(NamedTuple):
    """What is known of a file's first `offset` bytes."""

    state: bytes
    """OpenSSL's SHA256_CTX, in the byte order of the machine."""

    offset: int


class ResumableDigest:
    """The SHA-256 of a file whose bytes come in order, from the start or from a state on.

    `offset` is how many bytes it has seen. Several threads may use it.
    """

    def __init__(self) -> None:
        library = _find_libcrypto()
        self.offset = 0
        self._context: _Context = _HashlibContext() if library is None else _PlainContext(library)
        self._lock = threading.Lock()

    @classmethod
    def from_state(cls, state: DigestState | None) -> ResumableDigest:
        """Go on from a state; at the start without one, or with one that cannot be used here."""
        digest = cls()
        if state is not None and digest._context.restore(state):
            digest.offset = state.offset
        return digest

    @property
    def can_export(self) -> bool:
        """Whether there are states on this machine."""
        return self._context.export() is not None

    def update(self, block: bytes, offset: int) -> None:
        """Take the block at `offset`; one that does not follow on what was seen is ignored."""
        with self._lock:
            if offset == self.offset:
                self._context.update(block)
                self.offset += len(block)

    def export(self) -> DigestState | None:
        """The state up to `self.offset`; None where this machine has none."""
        with self._lock:
            state = self._context.export()
            return None if state is None else DigestState(state, self.offset)

    def hexdigest(self) -> str:
        """The digest of what was seen, 64 hexadecimal digits; it may go on afterwards."""
        with self._lock:
            return self._context.hexdigest()


class _Context(Protocol):
    def update(self, block: bytes) -> None: ...

    def hexdigest(self) -> str: ...

    def export(self) -> bytes | None: ...

    def restore(self, state: DigestState) -> bool: ...


class _HashlibContext:
    """Where states are not to be had."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()

    def update(self, block: bytes) -> None:
        self._hash.update(block)

    def hexdigest(self) -> str:
        return self._hash.hexdigest()

    def export(self) -> bytes | None:
        return None

    def restore(self, state: DigestState) -> bool:
        return False


class _PlainContext:
    """OpenSSL's struct in memory of our own. A call releases the GIL, as all of ctypes do."""

    def __init__(self, library: ctypes.CDLL) -> None:
        self._library = library
        self._memory = ctypes.create_string_buffer(CONTEXT.size)
        library.SHA256_Init(self._memory)

    def update(self, block: bytes) -> None:
        self._library.SHA256_Update(self._memory, block, len(block))

    def hexdigest(self) -> str:
        copy = ctypes.create_string_buffer(self._memory.raw, CONTEXT.size)
        result = ctypes.create_string_buffer(DIGEST_BYTES)
        self._library.SHA256_Final(result, copy)
        return result.raw.hex()

    def export(self) -> bytes | None:
        return self._memory.raw

    def restore(self, state: DigestState) -> bool:
        if not _is_sound(state):
            return False
        ctypes.memmove(self._memory, state.state, CONTEXT.size)
        return True


def _is_sound(state: DigestState) -> bool:
    """Whether the struct says of itself what is said of it: OpenSSL trusts its numbers."""
    if len(state.state) != CONTEXT.size:
        return False
    *_, low_bits, high_bits, _block, pending_bytes, digest_bytes = CONTEXT.unpack(state.state)
    said = (high_bits << 32 | low_bits, pending_bytes, digest_bytes)
    return said == (state.offset * 8, state.offset % BLOCK_BYTES, DIGEST_BYTES)


@cache
def _find_libcrypto() -> ctypes.CDLL | None:
    """The library that hashlib uses, if its functions do here what they should."""
    try:
        import _hashlib

        library = ctypes.CDLL(_hashlib.__file__)
        library.SHA256_Init.argtypes = [ctypes.c_char_p]
        library.SHA256_Update.argtypes = [ctypes.c_char_p, ctypes.c_char_p, ctypes.c_size_t]
        library.SHA256_Final.argtypes = [ctypes.c_char_p, ctypes.c_char_p]
    except (ImportError, AttributeError, OSError):
        return None
    return library if _agrees_with_hashlib(library) else None


def _agrees_with_hashlib(library: ctypes.CDLL) -> bool:
    """Of two blocks and a part of one, put aside and gone on with in between."""
    first, second = _PlainContext(library), _PlainContext(library)
    sample = bytes(range(150))
    first.update(sample[:100])
    kept = first.export()
    if kept is None or not second.restore(DigestState(kept, 100)):
        return False
    second.update(sample[100:])
    return second.hexdigest() == hashlib.sha256(sample).hexdigest()
