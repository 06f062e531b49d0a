"""Tasks whose end is hard to tell of."""

from __future__ import annotations

import asyncio
import sys
from typing import Any, NoReturn

from tests.queue.django_q2.tasks import note

MEBIBYTE = 1024 * 1024


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RuntimeError("no words for it")

    __repr__ = __str__


class Unpicklable:
    def __reduce__(self) -> NoReturn:
        raise ZeroDivisionError("not even in parts")


def return_function(notes: str) -> Any:
    note(notes, "attempt")
    return lambda: None


def return_unpicklable(notes: str) -> Any:
    note(notes, "attempt")
    return Unpicklable()


def return_much(notes: str) -> bytes:
    note(notes, "attempt")
    return bytes(4 * MEBIBYTE)


def raise_unspeakable(notes: str) -> None:
    note(notes, "attempt")
    raise Unspeakable


def raise_much(notes: str) -> None:
    note(notes, "attempt")
    raise ValueError("much " * MEBIBYTE)


def raise_nul(notes: str) -> None:
    note(notes, "attempt")
    raise ValueError("a \0 and a \udc80")


def leave(notes: str) -> None:
    note(notes, "attempt")
    sys.exit("enough of it")


def leave_well(notes: str) -> None:
    note(notes, "attempt")
    sys.exit()


def interrupt(notes: str) -> None:
    note(notes, "attempt")
    raise KeyboardInterrupt


def cancel(notes: str) -> None:
    note(notes, "attempt")
    raise asyncio.CancelledError("nobody waits")


def recurse(notes: str) -> None:
    recurse(notes)
