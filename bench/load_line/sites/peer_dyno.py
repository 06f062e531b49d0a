"""Settings for `manage.py dyno` alone: it reads the Procfile of a peer, in the run's folder."""

from __future__ import annotations

import os
from pathlib import Path

from project.settings import *  # noqa: F403

BASE_DIR = Path(os.environ["BENCH_FOLDER"])
