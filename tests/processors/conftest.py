from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

from processing.processors import registry
from processing.processors.declaration import Processor

# How long an example takes says nothing on a machine that does other work as well.
settings.register_profile("unhurried", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("unhurried")


@pytest.fixture
def empty_registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, Processor]:
    """A registry without processors; the real one is back after the test."""
    processors: dict[str, Processor] = {}
    monkeypatch.setattr(registry, "_processors", processors)
    return processors
