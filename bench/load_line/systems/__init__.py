"""All systems, in the order in which they run."""

from __future__ import annotations

from bench.load_line.systems.flask import FLASK
from bench.load_line.systems.plimsoll import PLIMSOLL
from bench.load_line.systems.stock import STOCK

SYSTEMS = (PLIMSOLL, STOCK, FLASK)
