from __future__ import annotations

import pytest

from processing.processors import registry
from processing.processors.declaration import Processor


@pytest.fixture
def empty_registry(monkeypatch: pytest.MonkeyPatch) -> dict[str, Processor]:
    """A registry without processors; the real one is back after the test."""
    processors: dict[str, Processor] = {}
    monkeypatch.setattr(registry, "_processors", processors)
    return processors
