"""All systems, in the order in which they run and are shown."""

from __future__ import annotations

from bench.fanout.systems.peers import AIOHTTP, FLASK, HTTPX
from bench.fanout.systems.plimsoll import PLIMSOLL
from bench.fanout.systems.upstream import UPSTREAM

SYSTEMS = (PLIMSOLL, FLASK, HTTPX, AIOHTTP, UPSTREAM)
