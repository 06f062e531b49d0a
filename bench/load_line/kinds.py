"""What is in the jobs that are posted, and the right end of each."""

from __future__ import annotations

ECHO, WANT, LEAK, HOG, HOG_IN_C = "load_echo", "load_want", "load_leak", "load_hog", "load_hog_in_c"
#: The processor of every upload.
CHECK = "load_check"

#: The ten jobs that come again and again. The hogs take turns.
SEQUENCE = (ECHO, ECHO, WANT, ECHO, ECHO, LEAK, ECHO, ECHO, ECHO)

SUCCEEDED = "succeeded"
OVER_LIMIT = "failed memory_limit_exceeded"


def choose_kind(index: int) -> str:
    """The kind of the post with this number, from 0: every tenth is a hog."""
    turn, place = divmod(index, len(SEQUENCE) + 1)
    if place < len(SEQUENCE):
        return SEQUENCE[place]
    return HOG_IN_C if turn % 2 else HOG


def find_right_end(kind: str) -> str:
    """What is to become of a job: its state, and the code of its error after a failure."""
    return OVER_LIMIT if kind in (HOG, HOG_IN_C) else SUCCEEDED
