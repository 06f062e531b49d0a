"""Slots: how many connections are in use at once, to all upstreams and to any single one."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass

#: One upstream may have this part of all slots: while it is slow, the others have the rest.
UPSTREAM_SHARE = 0.75


@dataclass(frozen=True, eq=False)
class _Turn:
    """Somebody who waits for a slot."""

    upstream: str
    granted: asyncio.Future[None]


class Slots:
    """`count` slots, and UPSTREAM_SHARE of them at most for one upstream, a host and port.

    Who comes first goes first. Who waits for the share of its upstream stands in no other's way.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.upstream_count = max(1, int(count * UPSTREAM_SHARE))
        self.free_count = count
        #: Of each upstream, how many have a slot or wait for nothing but one.
        self._users: Counter[str] = Counter()
        self._waiting: deque[_Turn] = deque()
        self._waiting_for_share: dict[str, deque[_Turn]] = {}

    def are_free(self, upstream: str) -> bool:
        """Whether a slot for this upstream could be had at once."""
        return self.free_count > 0 and self._users[upstream] < self.upstream_count

    def try_take(self, upstream: str) -> bool:
        """Take a slot if one is free."""
        if not self.are_free(upstream):
            return False
        self.free_count -= 1
        self._users[upstream] += 1
        return True

    async def take(self, upstream: str) -> None:
        """Wait for a slot."""
        if self.try_take(upstream):
            return
        turn = _Turn(upstream, asyncio.get_running_loop().create_future())
        if self._users[upstream] < self.upstream_count:
            self._users[upstream] += 1
            self._waiting.append(turn)
        else:
            self._waiting_for_share.setdefault(upstream, deque()).append(turn)
        try:
            await asyncio.shield(turn.granted)
        except BaseException:
            self._give_up(turn)
            raise

    def give_back(self, upstream: str) -> None:
        """Give a slot back."""
        self.free_count += 1
        self._leave(upstream)

    def _give_up(self, turn: _Turn) -> None:
        if turn.granted.done():
            self.give_back(turn.upstream)
        elif turn in self._waiting:
            self._waiting.remove(turn)
            self._leave(turn.upstream)
        else:
            self._waiting_for_share[turn.upstream].remove(turn)
            self._forget_if_empty(turn.upstream)

    def _leave(self, upstream: str) -> None:
        """Pass a place in the upstream's share on, and the slots that are free."""
        if upstream in self._waiting_for_share:
            self._waiting.append(self._waiting_for_share[upstream].popleft())
            self._forget_if_empty(upstream)
        else:
            self._users[upstream] -= 1
            if not self._users[upstream]:
                del self._users[upstream]
        while self.free_count and self._waiting:
            self.free_count -= 1
            self._waiting.popleft().granted.set_result(None)

    def _forget_if_empty(self, upstream: str) -> None:
        if not self._waiting_for_share[upstream]:
            del self._waiting_for_share[upstream]
