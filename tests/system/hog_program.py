"""A program that takes memory without end: `python -m tests.system.hog_program NOTE`."""

from __future__ import annotations

import sys

from tests.system.growing import CHILD_GAP_SECONDS, take_steps


def main(note: str) -> None:
    held = []
    for step_bytes in take_steps(note, gap_seconds=CHILD_GAP_SECONDS):
        held.append(bytearray(step_bytes))


if __name__ == "__main__":
    main(sys.argv[1])
