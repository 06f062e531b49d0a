"""A process that works on an upload as a web process does, and can be stopped or killed in between.

It does, on the database and the store of the test, what each line of its input says.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.queue.racer import STOP_SECONDS, make_url
from tests.service import wait_for


class Uploader:
    """The process, seen from the test."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def do(self, *line: str) -> Any:
        """Have it do one thing; what that returned, or the name of its error."""
        self.begin(*line)
        return self.hear()

    def begin(self, *line: str) -> None:
        """Tell it what to do."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(line) + "\n")
        self._process.stdin.flush()

    def hear(self) -> Any:
        """What it answers."""
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())

    def stop(self) -> None:
        """Have it stand still."""
        self._process.send_signal(signal.SIGSTOP)

    def wait_until_stopped(self) -> None:
        """It stands still by itself."""
        look = os.WSTOPPED | os.WNOWAIT | os.WNOHANG
        wait_for(
            lambda: os.waitid(os.P_PID, self._process.pid, look) is not None,
            STOP_SECONDS,
            "it did not stop",
        )

    def go_on(self) -> None:
        """And go on."""
        self._process.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End it at once; nobody has reaped it when this returns."""
        self._process.kill()
        os.waitid(os.P_PID, self._process.pid, os.WEXITED | os.WNOWAIT)

    def wait_for_death(self) -> int:
        """How it ended."""
        return self._process.wait(STOP_SECONDS)


@contextmanager
def run_uploader(store: Path) -> Iterator[Uploader]:
    """One that is ready; it is gone afterwards."""
    env = {
        **os.environ,
        "DATABASE_URL": make_url(),
        "UPLOAD_STORAGE_URL": f"file://{store}",
        "DJANGO_SETTINGS_MODULE": "tests.settings",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.queue.resumable.uploader"],
        env=env,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        uploader = Uploader(process)
        assert uploader.do("wait") == "ready"
        yield uploader
    finally:
        process.kill()
        process.communicate()


class _Request:
    """One request in the process; each method is a step of it."""

    def __init__(self) -> None:
        self.loop = asyncio.Runner()

    def wait(self) -> str:
        return "ready"

    def take(self, upload_id: str) -> bool:
        from processing.queue.resumable import content, make_holder, take
        from processing.queue.resumable.lock import is_lost
        from processing.uploads.piece import PieceWriter, Place

        upload = take(UUID(upload_id), make_holder())
        if upload is None:
            return False
        self.is_lost: Callable[[], bool] = partial(is_lost, upload.pk, upload.holder)
        resumed = content.resume(upload, self.is_lost)
        self.upload, self.offset, self.digest = upload, resumed.offset, resumed.digest
        place = Place(
            stored_name=upload.stored_name,
            offset=self.offset,
            is_lost=lambda: self.is_lost(),
            is_provisional=upload.provisional_from is not None,
        )
        self.writer = PieceWriter(place, self.digest)
        return True

    def start_provisional(self) -> bool:
        from processing.queue.resumable import start_provisional

        return start_provisional(self.upload.pk, self.upload.holder, self.offset)

    def end_provisional(self) -> bool:
        from processing.queue.resumable import start_provisional

        return start_provisional(self.upload.pk, self.upload.holder, None)

    def finish(self) -> None:
        from processing.queue.resumable import content

        content.finish(self.upload)

    def append(self, text: str) -> int:
        self.loop.run(self._write(text.encode()))
        return self.writer.offset

    async def _write(self, block: bytes) -> None:
        await self.writer.write(block)
        await self.writer.flush()

    def stop_and_append(self, text: str) -> int:
        """Stand still when all was asked but what the store thread asks."""
        ask = self.is_lost
        self.is_lost = lambda: _stop() or ask()
        return self.append(text)

    def ask_stop_and_append(self, text: str) -> int:
        """Stand still when all was asked, and nothing written."""
        ask = self.is_lost
        self.is_lost = lambda: ask() or _stop()
        return self.append(text)

    def abandon(self) -> None:
        self.loop.run(self.writer.abandon())

    def renew(self) -> str:
        from processing.queue.resumable import renew

        state = self.digest.export()
        return renew(self.upload.pk, self.upload.holder, self.writer.offset, state).value

    def let_go(self) -> bool:
        from processing.queue.resumable import let_go

        size = self.close()
        return let_go(self.upload.pk, self.upload.holder, size, self.digest.export())

    def close(self) -> int:
        return self.loop.run(self.writer.close())

    def complete(self) -> str:
        from processing.queue.resumable import complete, content

        content.finish(self.upload)
        return str(complete(self.upload, self.upload.holder, self.digest.hexdigest()))

    def die_while_completing(self) -> str:
        """Be killed when the job is written and the transaction is not committed."""
        from processing.queue.resumable import completion

        write = completion.queue_upload

        def write_and_die(*arguments: Any, **keywords: Any) -> UUID:
            write(*arguments, **keywords)
            os.kill(os.getpid(), signal.SIGKILL)
            raise AssertionError("it is dead")

        completion.queue_upload = write_and_die
        return self.complete()


def _stop() -> bool:
    signal.raise_signal(signal.SIGSTOP)  # of this thread: it goes no further
    return False


def _answer(request: _Request, step: str, *arguments: str) -> Any:
    try:
        return getattr(request, step)(*arguments)
    except Exception as error:
        return type(error).__name__


if __name__ == "__main__":
    import django

    django.setup()
    request = _Request()
    for line in sys.stdin:
        print(json.dumps(_answer(request, *json.loads(line))), flush=True)
