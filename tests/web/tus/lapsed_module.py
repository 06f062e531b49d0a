"""A web process that believes its holds of uploads lost within a second: for PROCESSOR_MODULES.

No test imports it. Nobody else takes such an upload: in the database its lease is the usual one.
"""

from __future__ import annotations

from processing.web.tus import hold

hold.LEASE_SECONDS = hold.LEASE_MARGIN_SECONDS + 1.0
