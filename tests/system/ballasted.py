"""Imported by a cluster as one of its PROCESSOR_MODULES: the template starts the ballast.

A seat would be replaced with what its task has left behind, so it is no child of a seat.
"""

from __future__ import annotations

import os

from tests.system.ballast import start

start(os.environ["BALLAST"])
