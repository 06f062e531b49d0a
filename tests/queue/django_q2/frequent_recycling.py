"""Settings under which a seat is replaced after five tasks."""

from __future__ import annotations

from project.settings import *  # noqa: F403
from project.settings import Q_CLUSTER

Q_CLUSTER = {**Q_CLUSTER, "recycle": 5}
