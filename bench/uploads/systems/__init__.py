"""All systems, in the order in which they run and are shown."""

from __future__ import annotations

from bench.uploads.systems.bare import BARE, BARE_HASH, SINK
from bench.uploads.systems.django import DJANGO, DJANGO_HASH
from bench.uploads.systems.flask import FLASK
from bench.uploads.systems.plimsoll import PLIMSOLL

SYSTEMS = (PLIMSOLL, FLASK, DJANGO_HASH, DJANGO, BARE_HASH, BARE, SINK)
