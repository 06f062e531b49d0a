"""SHA-256 that is put aside and gone on with."""

from __future__ import annotations

import hashlib
import random
import subprocess
import sys
import threading

import pytest

from processing.uploads import digest as digest_module
from processing.uploads.digest import CONTEXT, DigestState, ResumableDigest

DATA = random.Random(7).randbytes(200_000)

#: Goes on from a state in hexadecimal with the bytes of its standard input.
GO_ON = """
import sys
from processing.uploads.digest import DigestState, ResumableDigest
digest = ResumableDigest.from_state(DigestState(bytes.fromhex(sys.argv[1]), int(sys.argv[2])))
digest.update(sys.stdin.buffer.read(), digest.offset)
print(digest.hexdigest())
"""


@pytest.fixture
def no_libcrypto(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine whose hashlib is linked to nothing that keeps states."""
    monkeypatch.setattr(digest_module, "_find_libcrypto", lambda: None)


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def test_this_machine_has_states() -> None:
    assert ResumableDigest().can_export


def test_it_is_that_of_hashlib_however_the_bytes_come() -> None:
    generator = random.Random(8)
    for _ in range(50):
        digest = ResumableDigest()
        while digest.offset < len(DATA):
            size = generator.choice([0, 1, 55, 56, 63, 64, 65, 4096, 65_536])
            digest.update(DATA[digest.offset : digest.offset + size], digest.offset)
            digest = ResumableDigest.from_state(digest.export())
        assert digest.hexdigest() == sha256(DATA)


@pytest.mark.parametrize("offset", [0, 1, 63, 64, 100_000, len(DATA)])
def test_another_process_goes_on_with_it(offset: int) -> None:
    digest = ResumableDigest()
    digest.update(DATA[:offset], 0)
    state = digest.export()
    assert state is not None
    command = [sys.executable, "-c", GO_ON, state.state.hex(), str(state.offset)]
    done = subprocess.run(command, input=DATA[offset:], capture_output=True, check=True)
    assert done.stdout.decode().strip() == sha256(DATA)


def test_it_goes_on_after_it_was_asked() -> None:
    digest = ResumableDigest()
    digest.update(b"abc", 0)
    assert digest.hexdigest() == digest.hexdigest() == sha256(b"abc")
    digest.update(b"def", 3)
    assert digest.hexdigest() == sha256(b"abcdef")


def test_a_block_that_does_not_follow_is_ignored() -> None:
    digest = ResumableDigest()
    digest.update(b"abc", 0)
    digest.update(b"abc", 0)
    digest.update(b"xyz", 4)
    assert digest.offset == 3
    assert digest.hexdigest() == sha256(b"abc")


def test_it_counts_beyond_what_32_bits_hold() -> None:
    digest = ResumableDigest()
    digest.update(b"a", 0)
    kept = digest.export()
    assert kept is not None
    offset = 2**40 + 1
    fields = list(CONTEXT.unpack(kept.state))
    fields[8:10] = [offset * 8 & 0xFFFFFFFF, offset * 8 >> 32]
    assert ResumableDigest.from_state(DigestState(CONTEXT.pack(*fields), offset)).offset == offset


@pytest.mark.parametrize(
    "state",
    [
        DigestState(b"", 0),
        DigestState(b"\0" * CONTEXT.size, 0),
        DigestState(b"\xff" * CONTEXT.size, 5),
        DigestState(b"\xff" * (CONTEXT.size + 8), 5),
    ],
)
def test_a_state_that_makes_no_sense_is_not_used(state: DigestState) -> None:
    digest = ResumableDigest.from_state(state)
    digest.update(b"abc", 0)
    assert digest.hexdigest() == sha256(b"abc")


def test_a_state_of_another_offset_is_not_used() -> None:
    digest = ResumableDigest()
    digest.update(b"abc", 0)
    kept = digest.export()
    assert kept is not None
    assert ResumableDigest.from_state(DigestState(kept.state, 4)).offset == 0
    assert ResumableDigest.from_state(kept).offset == 3


def test_what_is_exported_while_another_thread_writes_is_whole() -> None:
    digest, block = ResumableDigest(), DATA[:65_536]
    states: list[DigestState | None] = []

    def export() -> None:
        while not done.is_set():
            states.append(digest.export())

    done = threading.Event()
    reader = threading.Thread(target=export)
    reader.start()
    for number in range(400):
        digest.update(block, number * len(block))
    done.set()
    reader.join()
    for kept in random.Random(9).sample(states, min(20, len(states))):
        assert kept is not None
        again = ResumableDigest.from_state(kept)
        assert again.offset == kept.offset
        assert again.hexdigest() == sha256(block * (kept.offset // len(block)))


@pytest.mark.usefixtures("no_libcrypto")
def test_without_states_it_still_hashes_what_comes_in_one_go() -> None:
    digest = ResumableDigest()
    digest.update(b"abc", 0)
    digest.update(b"def", 3)
    assert digest.hexdigest() == sha256(b"abcdef")
    assert not digest.can_export
    assert digest.export() is None


@pytest.mark.usefixtures("no_libcrypto")
def test_without_states_it_begins_anew() -> None:
    assert ResumableDigest.from_state(None).offset == 0
    assert ResumableDigest.from_state(DigestState(b"\0" * CONTEXT.size, 3)).offset == 0
