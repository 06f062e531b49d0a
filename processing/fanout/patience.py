"""How long the URLs of one request may take, and what does not count: waiting for its reader."""

from __future__ import annotations

import asyncio
from types import TracebackType

from processing.fanout.window import Window

#: A URL that has a slot is given up after this long, in seconds, redirects and repeated attempts
#: included: an answer that drips never stalls. The request's deadline may be sooner.
URL_SECONDS = 15.0


class Patience:
    """When each URL of a request is given up, by one timer for all of them.

    `deadline` is on the loop's clock, in seconds.
    """

    def __init__(self, deadline: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._deadline = deadline
        self._ends: dict[Wait, float] = {}
        self._fires_at = deadline
        self._timer = self._loop.call_at(deadline, self._fire)

    def begin(self) -> Wait:
        """`with patience.begin() as wait:` is given up at the deadline, with TimeoutError.

        Where somebody else cancels the task too, it is CancelledError, as with asyncio.timeout.
        """
        return Wait(self)

    def close(self) -> None:
        """Let the timer go."""
        self._timer.cancel()

    def set_end(self, wait: Wait, moment: float) -> float:
        """Give up then, or at the deadline if that is sooner; returns which it is."""
        ends_at = self._ends[wait] = min(moment, self._deadline)
        if ends_at < self._fires_at:
            self._timer.cancel()
            self._set_timer(ends_at)
        return ends_at

    def forget(self, wait: Wait) -> None:
        """It has ended."""
        del self._ends[wait]

    def _set_timer(self, moment: float) -> None:
        self._fires_at = moment
        self._timer = self._loop.call_at(moment, self._fire)

    def _fire(self) -> None:
        self._fires_at = float("inf")
        now = self._loop.time()
        for wait, ends_at in self._ends.items():
            if ends_at <= now:
                wait.give_up()
        later = [ends_at for ends_at in self._ends.values() if ends_at > now]
        if later:
            self._set_timer(min(later))


class Wait:
    """The time of one URL, from waiting for its slot to its outcome.

    What asyncio.timeout does, at a third of its cost: one timer serves a whole request.
    """

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._clock = asyncio.get_running_loop().time
        task = asyncio.current_task()
        assert task is not None, "begun in a task"
        self._task = task
        self._is_given_up = False
        self._ends_at = float("inf")

    def __enter__(self) -> Wait:
        self._end_at(float("inf"))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._patience.forget(self)
        task = self._task
        # A cancelled task keeps its error, and that the frames with this and with the body.
        del self._task
        if self._is_given_up and task.uncancel() == 0 and kind is asyncio.CancelledError:
            raise TimeoutError from error

    def give_up(self) -> None:
        """End what the task is waiting for, once."""
        if not self._is_given_up:
            self._is_given_up = True
            self._task.cancel()

    @property
    def left_seconds(self) -> float:
        """Until the URL is given up."""
        return self._ends_at - self._clock()

    def start(self) -> None:
        """The URL has its slot: now it has URL_SECONDS."""
        self._end_at(self._clock() + URL_SECONDS)

    async def wait_for_room(self, window: Window, place: int, size_bytes: int) -> None:
        """Wait for the window until the deadline: it is not the upstream that is slow."""
        began_at, ends_at = self._clock(), self._ends_at
        self._end_at(float("inf"))
        await window.hold(place, size_bytes)
        self._end_at(ends_at + self._clock() - began_at)

    def _end_at(self, moment: float) -> None:
        self._ends_at = self._patience.set_end(self, moment)


class Room:
    """What one body may hold of its request's window."""

    def __init__(self, window: Window, place: int, wait: Wait) -> None:
        self._window = window
        self._place = place
        self._wait = wait

    async def hold(self, size_bytes: int) -> None:
        """Hold room for a body of that size before it is read."""
        if not self._window.try_hold(self._place, size_bytes):
            await self._wait.wait_for_room(self._window, self._place, size_bytes)

    def settle(self, length_bytes: int) -> None:
        """The body has come and is so long."""
        self._window.settle(self._place, length_bytes)

    def drop(self) -> None:
        """The body is forgotten, for it begins again."""
        self._window.drop(self._place)
