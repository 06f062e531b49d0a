"""What the sender is told, and what it tells."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import psutil

from bench.queue.module import ask_module, run_module
from bench.uploads.request import Answer, Request

#: For all of it; the slowest takes a minute on a busy machine.
EXCHANGE_SECONDS = 300.0


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """`sent_count` requests were sent as far as they were to be."""

    sender: psutil.Process
    sent_count: int
    answers: list[Answer]

    @property
    def seconds(self) -> float:
        """From the first byte that was sent until the last answer was there."""
        began_at = min(answer.began_at for answer in self.answers)
        return (max(answer.answered_at for answer in self.answers) - began_at) / 1e9

    def count_open(self) -> int:
        """The connections that the server has not ended."""
        connections = self.sender.net_connections("tcp4")
        return sum(each.status == psutil.CONN_ESTABLISHED for each in connections)


def exchange(port: int, requests: Sequence[Request]) -> Outcome:
    """Send all requests at once, and wait for their answers. Raises NotMeasured."""
    with exchanging(port, requests) as outcome:
        return outcome


@contextmanager
def exchanging(port: int, requests: Sequence[Request]) -> Iterator[Outcome]:
    """The same; those that stall stay open along the block."""
    with run_module("bench.uploads.sender", stdin=subprocess.PIPE) as sender:
        plan = {"port": port, "requests": [asdict(request) for request in requests]}
        told = ask_module(sender, plan, EXCHANGE_SECONDS)
        answers = [Answer(**answer) for answer in told["answers"]]
        process = psutil.Process(sender.pid)
        yield Outcome(sender=process, sent_count=told["sent"], answers=answers)
