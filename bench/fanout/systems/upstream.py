"""What all of it asks, asked without any of it: as many URLs at once as the fan-outs have."""

from __future__ import annotations

from bench.web.systems.system import WebSystem

UPSTREAM = WebSystem(name="upstream", title="the upstream alone", command=())
