"""Slots: how many connections are in use at once, to all upstreams and to any single one."""

from __future__ import annotations

import asyncio

#: One upstream may have this part of all slots: while it is slow, the others have the rest.
HOST_SHARE = 0.75


class Slots:
    """`count` slots, and HOST_SHARE of them at most for one host. Who comes first goes first."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.host_count = max(1, int(count * HOST_SHARE))
        self._all = asyncio.Semaphore(count)
        self._hosts: dict[str, asyncio.Semaphore] = {}
        self._users: dict[str, int] = {}

    def hold(self, host: str) -> Hold:
        """`async with slots.hold(host):` has a slot; one of the host's own first, so that a slow
        host fills no other's."""
        return Hold(self, host)

    async def take(self, host: str) -> None:
        """Wait for a slot."""
        slots = self._hosts.setdefault(host, asyncio.Semaphore(self.host_count))
        self._users[host] = self._users.get(host, 0) + 1
        try:
            await slots.acquire()
        except BaseException:
            self._leave(host)
            raise
        try:
            await self._all.acquire()
        except BaseException:
            slots.release()
            self._leave(host)
            raise

    def give_back(self, host: str) -> None:
        """Give a slot back."""
        self._all.release()
        self._hosts[host].release()
        self._leave(host)

    def _leave(self, host: str) -> None:
        """Nothing is kept of a host that nobody uses or waits for."""
        self._users[host] -= 1
        if not self._users[host]:
            del self._users[host], self._hosts[host]


class Hold:
    """A slot for as long as the block runs; a class, for it costs a third of a generator."""

    def __init__(self, slots: Slots, host: str) -> None:
        self._slots = slots
        self._host = host

    async def __aenter__(self) -> None:
        await self._slots.take(self._host)

    async def __aexit__(self, *_: object) -> None:
        self._slots.give_back(self._host)
