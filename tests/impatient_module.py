"""A web process that waits for seconds where it would for a minute: listed in PROCESSOR_MODULES.

No test imports it, for then all tests of its process would be impatient.
"""

from __future__ import annotations

from processing.web import connection, pace
from tests.impatience import HEAD_SECONDS, PACE_SECONDS

pace.WINDOW_SECONDS = PACE_SECONDS
connection.HEAD_SECONDS = HEAD_SECONDS
