"""The systems that are measured, in the order of the tables."""

from __future__ import annotations

from bench.queue.systems.celery import CELERY
from bench.queue.systems.dramatiq import DRAMATIQ
from bench.queue.systems.huey import HUEY
from bench.queue.systems.ox import OX
from bench.queue.systems.plimsoll import PLIMSOLL, UNLIMITED
from bench.queue.systems.procrastinate import PROCRASTINATE
from bench.queue.systems.stock import STOCK, STOCK_DEFAULTS

SYSTEMS = (PLIMSOLL, UNLIMITED, STOCK, STOCK_DEFAULTS, CELERY, DRAMATIQ, HUEY, PROCRASTINATE, OX)
