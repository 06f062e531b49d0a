"""How long a web process waits that is made impatient by tests/impatient_module.py, in seconds."""

from __future__ import annotations

PACE_SECONDS = 2.0
HEAD_SECONDS = 1.5
