"""Plimsoll, as its Procfile runs it."""

from __future__ import annotations

from bench.uploads.systems.system import System
from bench.web.systems.plimsoll import COMMAND, ENVIRONMENT, MIGRATE

PLIMSOLL = System(
    name="plimsoll",
    title="Plimsoll",
    command=COMMAND,
    migrate=MIGRATE,
    environment=ENVIRONMENT,
    hashes=True,
    keeps="file",
    speaks_tus=True,
)
