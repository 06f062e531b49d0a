"""Slots: how many connections are in use at once, to all upstreams and to any single one."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from dataclasses import dataclass

#: One upstream may have this part of all slots: while it is slow, the others have the rest.
HOST_SHARE = 0.75


@dataclass(frozen=True, eq=False)
class _Turn:
    """Somebody who waits for a slot."""

    host: str
    granted: asyncio.Future[None]


class Slots:
    """`count` slots, and HOST_SHARE of them at most for one host. Who comes first goes first.

    Who waits for the share of its host stands in no other's way.
    """

    def __init__(self, count: int) -> None:
        self.count = count
        self.host_count = max(1, int(count * HOST_SHARE))
        self.free_count = count
        #: Of each host, how many have a slot or wait for nothing but one.
        self._users: Counter[str] = Counter()
        self._waiting: deque[_Turn] = deque()
        self._waiting_for_host: dict[str, deque[_Turn]] = {}

    def are_free(self, host: str) -> bool:
        """Whether a slot for this host could be had at once."""
        return self.free_count > 0 and self._users[host] < self.host_count

    def try_take(self, host: str) -> bool:
        """Take a slot if one is free."""
        if not self.are_free(host):
            return False
        self.free_count -= 1
        self._users[host] += 1
        return True

    async def take(self, host: str) -> None:
        """Wait for a slot."""
        if self.try_take(host):
            return
        turn = _Turn(host, asyncio.get_running_loop().create_future())
        if self._users[host] < self.host_count:
            self._users[host] += 1
            self._waiting.append(turn)
        else:
            self._waiting_for_host.setdefault(host, deque()).append(turn)
        try:
            await asyncio.shield(turn.granted)
        except BaseException:
            self._give_up(turn)
            raise

    def give_back(self, host: str) -> None:
        """Give a slot back."""
        self.free_count += 1
        self._leave(host)

    def _give_up(self, turn: _Turn) -> None:
        if turn.granted.done():
            self.give_back(turn.host)
        elif turn in self._waiting:
            self._waiting.remove(turn)
            self._leave(turn.host)
        else:
            self._waiting_for_host[turn.host].remove(turn)
            self._forget_if_empty(turn.host)

    def _leave(self, host: str) -> None:
        """Pass a place in the host's share on, and the slots that are free."""
        if host in self._waiting_for_host:
            self._waiting.append(self._waiting_for_host[host].popleft())
            self._forget_if_empty(host)
        else:
            self._users[host] -= 1
            if not self._users[host]:
                del self._users[host]
        while self.free_count and self._waiting:
            self.free_count -= 1
            self._waiting.popleft().granted.set_result(None)

    def _forget_if_empty(self, host: str) -> None:
        if not self._waiting_for_host[host]:
            del self._waiting_for_host[host]
