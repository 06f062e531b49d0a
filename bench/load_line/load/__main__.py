"""The load, in one process: `python -m bench.load_line.load URL UPSTREAM ACCEPTED SIZES`.

SIZES is JSON. Each accepted job becomes a line "KIND INDEX ID" of the file ACCEPTED. The last line
of the output is what all requests came to, as JSON; the lines before it are for who watches.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import shutil
import sys
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

from bench.load_line.kinds import CHECK, choose_kind
from bench.load_line.load.asking import Target, open_session, wait
from bench.load_line.load.tally import Answer, Tally
from bench.load_line.sizes import Sizes

#: A client that got no answer, or one it did not ask for, waits so long before its next request.
FAILURE_WAIT_SECONDS = 1.0
#: When the time is up nothing new is asked; what is under way has so long to be answered.
LAST_SECONDS = 60.0
PROGRESS_SECONDS = 10.0
#: Nothing is uploaded while the disk has less free than this, for others work on the machine too.
FREE_BYTES = 4_000_000_000

Ask = Callable[[int], Awaitable[Answer]]


@dataclass(kw_only=True)
class Load:
    """All the clients, until `until` on the monotonic clock."""

    target: Target
    accepted: TextIO
    until: float
    tallies: dict[str, Tally] = field(default_factory=dict)
    uploads_held_back: int = 0
    """How often there was no room on the disk for one."""

    async def run(self) -> None:
        """Everything at once."""
        sizes, target = self.target.sizes, self.target
        endless = itertools.count
        clients = [
            *self._start("posts", target.post, range(sizes.post_count), sizes.post_clients),
            *self._start("uploads", target.upload, endless(), sizes.upload_clients),
            *self._start("fan-outs", target.fan_out, endless(), sizes.fanout_clients),
        ]
        progress = asyncio.create_task(self._show_progress())
        _, late = await asyncio.wait(clients, timeout=self._left_seconds + LAST_SECONDS)
        for client in [*late, progress]:
            client.cancel()
        await asyncio.gather(*late, progress, return_exceptions=True)
        for client in set(clients) - late:
            client.result()

    def _start(
        self, name: str, ask: Ask, numbers: Iterable[int], count: int
    ) -> list[asyncio.Task[None]]:
        """So many clients that take the numbers from one row."""
        self.tallies[name] = Tally()
        row = iter(numbers)
        return [asyncio.create_task(self._be_client(name, ask, row)) for _ in range(count)]

    async def _be_client(self, name: str, ask: Ask, row: Iterable[int]) -> None:
        for number in row:
            await self._deliver(name, ask, number)
            if not self._left_seconds:
                return

    async def _deliver(self, name: str, ask: Ask, number: int) -> None:
        """Ask until it is accepted, as long as it is refused with a time to come again."""
        tally = self.tallies[name]
        while self._left_seconds:
            if name == "uploads" and not has_room(self.accepted.name):
                self.uploads_held_back += 1
                await wait(FAILURE_WAIT_SECONDS, self.until)
                continue
            answer = await ask(number)
            tally.add(answer)
            if answer.retry_after_seconds is not None:
                await wait(answer.retry_after_seconds, self.until)
                continue
            if answer.failure:
                await wait(FAILURE_WAIT_SECONDS, self.until)
            elif answer.job_id:
                kind = choose_kind(number) if name == "posts" else CHECK
                print(kind, number, answer.job_id, file=self.accepted, flush=True)
            return

    @property
    def _left_seconds(self) -> float:
        return max(0.0, self.until - time.monotonic())

    async def _show_progress(self) -> None:
        began = time.monotonic()
        while True:
            await asyncio.sleep(PROGRESS_SECONDS)
            shown = "; ".join(f"{name} {tally.describe()}" for name, tally in self.tallies.items())
            print(f"{time.monotonic() - began:6.0f} s  {shown}", flush=True)


def has_room(path: str) -> bool:
    return shutil.disk_usage(Path(path).parent).free > FREE_BYTES


async def main(url: str, upstream: str, accepted: str, sizes: Sizes) -> None:
    with open(accepted, "a") as file:  # noqa: ASYNC230  (a line now and then, on a local disk)
        async with open_session() as session:
            target = Target(session=session, url=url, upstream=upstream, sizes=sizes)
            load = Load(target=target, accepted=file, until=time.monotonic() + sizes.seconds)
            await load.run()
    figures = {name: tally.as_json() for name, tally in load.tallies.items()}
    print(json.dumps({"requests": figures, "uploads_held_back": load.uploads_held_back}))


if __name__ == "__main__":
    url, upstream, accepted, sizes = sys.argv[1:]
    asyncio.run(main(url, upstream, accepted, Sizes(**json.loads(sizes))))
