"""The jobs as Plimsoll's processors, each with what a sensible operator would declare."""

from __future__ import annotations

from typing import Any, BinaryIO

from bench.load_line import work
from bench.load_line.kinds import CHECK, ECHO, HOG, HOG_IN_C, LEAK, WANT
from processing.processors import processor


@processor(ECHO, memory_limit_mb=32)
def load_echo(job: Any, data: dict[str, Any]) -> int:
    return work.echo(data)


@processor(WANT, memory_limit_mb=work.MOST_WANTED_MIB + 20)
def load_want(job: Any, data: dict[str, Any]) -> int:
    return work.want(data)


@processor(LEAK)
def load_leak(job: Any, data: dict[str, Any]) -> int:
    return work.leak(data)


@processor(HOG)
def load_hog(job: Any, data: dict[str, Any]) -> None:
    work.hog(data)


@processor(HOG_IN_C)
def load_hog_in_c(job: Any, data: dict[str, Any]) -> None:
    work.hog_in_c(data)


@processor(CHECK, accepts="file", memory_limit_mb=32)
def load_check(job: Any, source: BinaryIO, sink: BinaryIO) -> int:
    return work.check(source)
