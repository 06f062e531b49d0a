"""The settings of tests, with the console's own static files served from where they are kept."""

from __future__ import annotations

from pathlib import Path

from tests.settings import *  # noqa: F403

STATIC_ROOT = Path(__file__).resolve().parents[2] / "processing" / "console" / "static"
