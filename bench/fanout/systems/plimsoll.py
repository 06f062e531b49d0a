"""Plimsoll, as its Procfile runs it, with leave to ask this machine."""

from __future__ import annotations

from bench.web.systems.plimsoll import COMMAND, ENVIRONMENT, MIGRATE
from bench.web.systems.system import WebSystem

PLIMSOLL = WebSystem(
    name="plimsoll",
    title="Plimsoll",
    command=COMMAND,
    migrate=MIGRATE,
    environment=ENVIRONMENT
    | {"EXTERNAL_ALLOW_PRIVATE": "1", "EXTERNAL_ALLOWED_HOSTS": "127.0.0.1"},
)
