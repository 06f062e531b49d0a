"""A process that holds memory: `grow.py MEGABYTES [fork|orphan]`, then it waits to be ended."""

from __future__ import annotations

import os
import signal
import sys

MIB = 1024 * 1024


def hold(megabytes: int) -> None:
    """Take it in steps of 4 MB, each byte of it written, and wait."""
    held = [b"x" * (4 * MIB) for _ in range(megabytes // 4)]
    print(f"holds {len(held) * 4}", flush=True)
    signal.pause()


def main(megabytes: int, how: str) -> None:
    if how == "orphan" and os.fork() == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        hold(megabytes)
    if how == "fork" and os.fork() == 0:
        hold(megabytes)
    if how == "self":
        hold(megabytes)
    signal.pause()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else "self")
