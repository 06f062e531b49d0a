"""What a process holds."""

from __future__ import annotations

from processing.memory.usage import read_resident_bytes

MIB = 1024 * 1024


def test_the_resident_set_grows_with_what_is_held() -> None:
    before = read_resident_bytes()
    held = bytearray(b"x" * 32 * MIB)
    assert 28 * MIB < read_resident_bytes() - before < 80 * MIB
    del held
